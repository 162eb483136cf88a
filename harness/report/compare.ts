/** What one run is over another: paired by target and image, with what chance alone would show. */
export { type CompareOptions, type Comparison, compareRuns } from "./compare/compare.ts";
export { type Condition, judgeCondition, parseCondition } from "./compare/failIf.ts";
export type { LatencyTurns } from "./compare/latency.ts";
export type { Side } from "./compare/side.ts";
export { comparisonText } from "./compare/text.ts";
