import type { RunPlan } from "../plan/plan.ts";
import type { Evaluated } from "./evolution.ts";
import type { Configuration } from "./space.ts";

export interface SearchSettings {
  /** Bounds of the encoder's time, over the whole encoder's. */
  readonly latency: { readonly from: number; readonly to: number };
  readonly population: number;
  readonly generations: number;
  /** Number of the dataset's images that the search sees; the rest shows whether its finding holds. */
  readonly images: number;
  /** True where every configuration within the bounds is tried instead. */
  readonly exhaustive: boolean;
}

export interface SearchObserver {
  note(text: string): void;
  progress(what: "parts" | "configurations" | "check", done: number, total: number, label: string): void;
}

export interface SearchRequest {
  readonly method: string;
  /** Plan of one variant, the one to prune, on its weights. */
  readonly plan: RunPlan;
  readonly settings: SearchSettings;
  readonly results: string;
  readonly observer: SearchObserver;
  /** Aborted by Ctrl-C: the current image is finished. */
  readonly signal: AbortSignal;
}

export interface Found {
  /** Evaluated configurations within the bounds, the best first. */
  readonly evaluated: readonly Evaluated[];
  /** Configuration of the whole encoder, and the slowest within the bound that has one value throughout. */
  readonly whole: Configuration;
  readonly uniform: Configuration;
}
