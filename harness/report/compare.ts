/** Compares two runs: differences are paired by target and image, and stand beside what chance alone would show. */
export { type CompareOptions, type Comparison, compareRuns } from "../results/compare/compare.ts";
export type { LatencyTurns } from "../results/compare/latency.ts";
export type { Side } from "../results/compare/side.ts";
export { type Condition, judgeCondition, metConditions, parseCondition } from "./compare/failIf.ts";
export { comparisonText } from "./compare/text.ts";
