import type { ImageRecord, Target } from "./datasets.ts";
import type { Metric, SizeRange } from "./metrics.ts";
import type { Rle, Tensor } from "./pixels.ts";
import type { Box, Prompt } from "./prompts.ts";
import type { Capability, MaskPrediction } from "./variants.ts";

/** Uniform in [0, 1), from a stream named by its use. */
export interface Random {
  next(): number;
}

/** What a sampler is handed back after each decode, so that a click can correct it and logits can be fed back. */
export interface Feedback {
  readonly mask: Rle;
  /** Of the token kept, [1, side, side]; absent for a variant without logits. */
  readonly lowResLogits?: Tensor;
  readonly token: number;
}

/** What a prompt holds at most. */
export interface PromptSize {
  readonly points: number;
  readonly box: boolean;
}

export interface PromptSampler {
  /** Names the random stream, with seed and target: no draw depends on other targets, their order or a limit. */
  readonly id: string;
  /** Of the prompt at a step, 1 the first. */
  size(step: number): PromptSize;
  /**
   * The prompts of step 1, 2, 3 … of one target; each is whole, earlier points included. Goes on for as many steps as its
   * pass scores: where nothing is left to correct, the same prompt comes again.
   */
  prompts(target: Target, random: Random): Generator<Prompt<"image">, void, Feedback>;
}

/** What one prompt's decode brought. Masks are upscaled when they are first asked for. */
export interface Candidates {
  readonly target: Target;
  readonly prompt: Prompt<"image">;
  readonly prediction: MaskPrediction;
  /** Of the variant: without a single-mask token, every token is a multimask token. */
  readonly lacks: readonly Capability[];
  /** At image size. Where the variant found no mask at all, token 0 is an empty one. */
  mask(token: number): Rle;
  /** |{logit > offset}| / |{logit > -offset}| at image size; nothing where there are no logits. */
  stability(token: number, offset: number): number | undefined;
  /** For a choice by chance: a stream of the run's seed, the pass's prompts, the image and the target. */
  random(): Random;
}

/** A mask that a protocol keeps of a prediction. */
export interface Choice {
  readonly token: number;
  /** What average precision sorts by; absent where nothing is sorted. */
  readonly score?: number;
}

export interface ScoredStep {
  /** 1 for the first prompt. */
  readonly step: number;
  /** What `--prompts` and the rows call it: box, 1p, 5c. */
  readonly prompts: string;
}

/** One way through a target, from its first prompt to its last: five clicks are one pass, with rows at 1, 3 and 5. */
export interface PromptPass {
  readonly sampler: PromptSampler;
  /** Which masks of a prompt the choice looks at: the single-mask token's, the most confident of three, or all three. */
  readonly looksAt: "single mask" | "most confident" | "three masks";
  /** By ascending step; decoding ends with the last. */
  readonly scored: readonly ScoredStep[];
  /** Best first; the first is fed back. All become rows; none ends the pass for this target. */
  choose(candidates: Candidates): readonly Choice[];
  /** What is prompted in place of the dataset's targets. */
  readonly everything?: EverythingMode;
}

/** All masks of an image, whatever is annotated in it. Timed as a whole, an image a sample. */
export interface EverythingMode {
  /** Whose masks these are: what the targets' prompts bring, or the one output of `Variant.everything`, kept under one target. */
  readonly source: "prompts" | "own output";
  /** In the order in which they are encoded; the image itself is a crop like others. */
  crops(image: ImageRecord): readonly Crop[];
  /** What stays of the masks of one crop, which are in the image frame. */
  settleCrop(masks: readonly KeptMask[], crop: Crop, image: ImageRecord): readonly KeptMask[];
  /** What stays of all crops' masks, given crop after crop: suppression of duplicates, the best thousand. */
  settle(masks: readonly CropMask[]): readonly KeptMask[];
}

/** A part of an image that is prepared and encoded on its own. */
export interface Crop {
  /** Whole pixels of the image frame. */
  readonly box: Box;
  /** What is prompted in it, in the image frame; no id stands in two crops of an image. */
  readonly targets: readonly Target[];
}

export interface CropMask {
  readonly crop: Crop;
  readonly kept: KeptMask;
}

/** A kept mask before it becomes a row. */
export interface KeptMask extends Choice {
  readonly target: Target;
  readonly prompt: Prompt<"image">;
  /** The scored step's name. */
  readonly prompts: string;
  readonly step: number;
  readonly mask: Rle;
  readonly predictedIou: number;
}

/** Where a protocol's rules were read: in the authors' code, in the paper, in a summary of it, in someone else's comparison. */
export type Confidence = "repo" | "paper" | "summary" | "secondary";

/** How one paper measures: what is prompted and how, which mask is kept, what it is compared to and how rows are averaged. */
export interface Protocol {
  /** URL of the module that defines it (`import.meta.url`): its code, and all that it imports, is part of a run's identity. */
  readonly module: string;
  readonly id: string;
  readonly title: string;
  /** One line: prompts, mask kept, targets left out. */
  readonly about: string;
  readonly source: string;
  readonly confidence: Confidence;
  readonly needs: readonly Capability[];
  /**
   * The dataset's annotations, the boxes of a detector (`--boxes`), the points of everything mode, or nothing, where everything
   * mode is the variant's own output.
   */
  readonly prompted: "annotations" | "detections" | "grid" | "nothing";
  /** What its rows are summed up to. Two sides are judged by the first; a run is scored by every one of them. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** The figure that two sides are judged by, where it is not the headline of its first metric. */
  readonly headline?: string;
  readonly passes: readonly PromptPass[];
  readonly sizes: readonly SizeRange[];
  /** What differs from the source, and what was decided where it is silent. */
  readonly notes: readonly string[];
  /** The crowd rule, the area rule, the rule for masks without a pixel. */
  includes(target: Target): boolean;
  /** Measured IoU of a kept mask; nothing where it is 0 / 0. */
  iou(mask: Rle, target: Rle): number | undefined;
}
