/** The page of a comparison; the libraries that read photos are loaded with it. */
export { comparisonPage, writeComparisonPage } from "./page.ts";
export { differingPictures } from "./pictures.ts";
