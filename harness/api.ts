/**
 * The seams: every type that a variant, a dataset, a sampler or a metric shares with the harness, and nothing that runs.
 * A plug-in outside this repository imports this file alone (`sam-bench/api`) and has the whole contract.
 */

export type * from "./api/calibration.ts";
export type * from "./api/datasets.ts";
export type * from "./api/frames.ts";
export type * from "./api/graphs.ts";
export type * from "./api/metrics.ts";
export type * from "./api/models.ts";
export type * from "./api/photoVariants.ts";
export type * from "./api/pixels.ts";
export type * from "./api/presets.ts";
export type * from "./api/prompts.ts";
export type * from "./api/protocols.ts";
export type * from "./api/published.ts";
export type * from "./api/search.ts";
export type * from "./api/variants.ts";
export type * from "./api/weights.ts";
