/** Published tables, and this project's figures beside them. */
export { type Comparison, type ComparisonContext, compareWithPaper } from "./papers/compare.ts";
export { comparisonGrid } from "./papers/grid.ts";
export { confidenceMeaning } from "./papers/notes.ts";
export { type PublishedTable, publishedTable, readPublishedTables } from "./papers/read.ts";
export { comparisonRecords } from "./papers/records.ts";
