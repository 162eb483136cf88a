/** This room looks a data set through: is it what it says, and can each photo and each annotation be used? */

export { type CheckedFile, checkAnnotations } from "./annotations.ts";
export { annotationFiles } from "./files.ts";
export { type Finding, Findings, findingKinds } from "./findings.ts";
export { checkPhotos } from "./photos.ts";
export { photoSplits } from "./splits.ts";
