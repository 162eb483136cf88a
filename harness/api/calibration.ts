import type { ImageId } from "./datasets.ts";
import type { ModelInput } from "./frames.ts";
import type { RuntimeOptions } from "./models.ts";
import type { VariantManifest } from "./presets.ts";
import type { Prompt } from "./prompts.ts";
import type { Checkpoint } from "./weights.ts";

/** The values that a calibration found: plain JSON, which only the plug-in understands. */
export type CalibrationValues = Readonly<Record<string, unknown>>;

export interface CalibrationImage {
  readonly id: ImageId;
  readonly input: ModelInput;
  /** Prompts made of the image's boxes. */
  readonly prompts: readonly Prompt<"model">[];
}

export interface CalibrateContext {
  readonly preset: VariantManifest;
  readonly checkpoint: Checkpoint;
  /** Starts again at the first image at each call; one image is in memory at a time. */
  images(): AsyncIterable<CalibrationImage>;
  readonly count: number;
  readonly runtime: RuntimeOptions;
  /** A folder for graphs that only the calibration needs; it is deleted afterwards. */
  readonly folder: string;
  readonly seed: number;
  /** Options as the command line gives them. */
  readonly options: Readonly<Record<string, string>>;
  progress(done: number, total: number, what: string): void;
  readonly signal: AbortSignal;
}
