import type { ImageRecord, Target } from "./datasets.ts";
import type { Metric, SizeRange } from "./metrics.ts";
import type { MaskPrediction } from "./models.ts";
import type { Rle, Tensor } from "./pixels.ts";
import type { Capability } from "./presets.ts";
import type { Box, Prompt } from "./prompts.ts";

/** Draws uniform numbers in [0, 1) from a stream that is named by its use. */
export interface Random {
  next(): number;
}

/** A sampler gets this back after each decode, so that it can correct the mask by a click and feed the logits back. */
export interface Feedback {
  readonly mask: Rle;
  /** Logits of the token that was kept, [1, side, side]; absent for a variant without logits. */
  readonly lowResLogits?: Tensor;
  readonly token: number;
}

/** The most that a prompt holds. */
export interface PromptSize {
  readonly points: number;
  readonly box: boolean;
}

export interface PromptSampler {
  /** The id names the random stream, with seed and target, so no draw depends on other targets, their order or a limit. */
  readonly id: string;
  /** Returns the size of the prompt at a step; the first step is 1. */
  size(step: number): PromptSize;
  /**
   * The prompts of step 1, 2, 3 … of one target; each is whole, earlier points included. Goes on for as many steps as its
   * pass scores: where nothing is left to correct, the same prompt comes again.
   */
  prompts(target: Target, random: Random): Generator<Prompt<"image">, void, Feedback>;
}

/** The masks that one prompt's decode gave, for a protocol to choose from. A mask is upscaled when it is first asked for. */
export interface Candidates {
  readonly target: Target;
  readonly prompt: Prompt<"image">;
  readonly prediction: MaskPrediction;
  /** Abilities that the variant lacks; without a single-mask token, every token is a multimask token. */
  readonly lacks: readonly Capability[];
  /** Returns a token's mask at image size. If the variant found no mask at all, token 0 is an empty one. */
  mask(token: number): Rle;
  /** Returns |{logit > offset}| / |{logit > -offset}| at image size; nothing where there are no logits. */
  stability(token: number, offset: number): number | undefined;
  /** Returns the pixels of the image whose logit of a token exceeds `level`; nothing where there are no logits. */
  maskAbove(token: number, level: number): Rle | undefined;
  /**
   * Returns a random stream for a choice by chance. It follows from the run's seed, the pass's prompts, the image and the
   * target.
   */
  random(): Random;
}

/** A mask that a protocol keeps of a prediction. */
export interface Choice {
  readonly token: number;
  /** Pixels that the mask covers for certain, where a second pass of everything mode leaves them out. */
  readonly certain?: Rle | undefined;
  /** The number that average precision sorts by; absent where nothing is sorted. */
  readonly score?: number;
}

export interface ScoredStep {
  /** The first prompt is step 1. */
  readonly step: number;
  /** Name of the prompts in `--prompts` and in the rows: box, 1p, 5c. */
  readonly prompts: string;
}

/** A pass leads through one target from its first prompt to its last. Five clicks are one pass, with rows at 1, 3 and 5. */
export interface PromptPass {
  readonly sampler: PromptSampler;
  /** The masks of a prompt that the choice looks at: the single-mask token's, the most confident of three, or all three. */
  readonly looksAt: "single mask" | "most confident" | "three masks";
  /** Offset of the logits at which the choice asks for the stability of masks; absent where it asks for none. */
  readonly stabilityOffset?: number | undefined;
  /** The choice keeps no mask of a lower predicted IoU; absent where it keeps any. */
  readonly leastPredictedIou?: number | undefined;
  /** Abilities that these prompts need besides those of the protocol. */
  readonly needs?: readonly Capability[] | undefined;
  /** Scored steps in ascending order; decoding ends with the last. Several may have one prompts name, which then has rows of each. */
  readonly scored: readonly ScoredStep[];
  /**
   * Returns the masks to keep, best first. All become rows, and the first is fed back; if there is none, the pass ends for
   * this target.
   */
  choose(candidates: Candidates): readonly Choice[];
  /** Present where something else is prompted than the dataset's targets. */
  readonly everything?: EverythingMode;
}

/**
 * Everything mode finds all masks of an image, whatever is annotated in it. It is timed as a whole: each image gives one
 * sample.
 */
export interface EverythingMode {
  /**
   * Says where the masks come from: the prompts of the targets, or the one output of `Variant.everything`, kept under one
   * target.
   */
  readonly source: "prompts" | "own output";
  /** Returns the crops in the order in which they are encoded; the whole image is one of them. */
  crops(image: ImageRecord): readonly Crop[];
  /**
   * Present for a mode with a second pass over each crop: returns its targets, which depend on the masks that the first pass
   * found. The masks of the second pass stand before those of the first.
   */
  secondTargets?(first: readonly KeptMask[], crop: Crop, image: ImageRecord): readonly Target[];
  /** Returns the masks of one crop that are kept. Masks are in the image frame. */
  settleCrop(masks: readonly KeptMask[], crop: Crop, image: ImageRecord): readonly KeptMask[];
  /**
   * Returns the masks that are kept of all crops, given crop after crop: duplicates are suppressed, and the best thousand
   * remain.
   */
  settle(masks: readonly CropMask[]): readonly KeptMask[];
}

/** A part of an image that is prepared and encoded on its own. */
export interface Crop {
  /** Whole pixels of the image frame. */
  readonly box: Box;
  /** Targets that are prompted in this crop, in the image frame; an id stands in one crop of an image only. */
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

/**
 * Says where a protocol's rules were read: in the authors' code, in the paper, in a summary of it, in someone else's
 * comparison.
 */
export type Confidence = "repo" | "paper" | "summary" | "secondary";

/**
 * A protocol is the way one paper measures: what is prompted and how, which mask is kept, what it is compared with and how
 * rows are averaged.
 */
export interface Protocol {
  /**
   * The module that defines the protocol, as a URL (`import.meta.url`), is part of a run's identity, with all that it imports.
   */
  readonly module: string;
  readonly id: string;
  readonly title: string;
  /** One line that names the prompts, the mask that is kept and the targets that are left out. */
  readonly about: string;
  readonly source: string;
  readonly confidence: Confidence;
  readonly needs: readonly Capability[];
  /**
   * Says what is prompted: the dataset's annotations, the boxes of a detector (`--boxes`), the points of everything mode, or
   * nothing where everything mode is the variant's own output.
   */
  readonly prompted: "annotations" | "detections" | "grid" | "nothing";
  /** The metrics that summarise the rows. Two sides are judged by the first; a run is scored by every one of them. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** The figure that two sides are judged by, where it is not the headline of its first metric. */
  readonly headline?: string;
  readonly passes: readonly PromptPass[];
  readonly sizes: readonly SizeRange[];
  /** Differences from the source, and decisions where the source is silent. */
  readonly notes: readonly string[];
  /**
   * Returns whether a target is prompted: this is where the crowd rule, the area rule and the rule for masks without a pixel
   * stand.
   */
  includes(target: Target): boolean;
  /** Returns the measured IoU of a kept mask; nothing where it is 0 / 0. */
  iou(mask: Rle, target: Rle): number | undefined;
}
