import type { ImageId } from "./datasets.ts";
import type { ModelInput } from "./frames.ts";
import type { Prompt } from "./prompts.ts";

/** The values that a calibration found: plain JSON, which only the plug-in understands. */
export type CalibrationValues = Readonly<Record<string, unknown>>;

export interface CalibrationImage {
  readonly id: ImageId;
  readonly input: ModelInput;
  /** Prompts made of the image's boxes. */
  readonly prompts: readonly Prompt<"model">[];
}
