import type { DecoderConfig } from "../sam-decoder/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/**
 * Kinds of blocks by their names in the authors' code: `res` is two 3 x 3 convolutions, `fmb` a 3 x 3 and a 1 x 1 one, `mb` a
 * 1 x 1, a depthwise and a 1 x 1 one, and `att` linear attention and an `mb`.
 */
type Block = "res" | "fmb" | "mb" | "att";

/** One stage of the backbone. The first one is the stem; each of the others begins with a block of its own that halves the map. */
export interface Stage {
  readonly width: number;
  /** Number of blocks, without the stem and the block that halves the map. */
  readonly depth: number;
  readonly block: Block;
  /** Hidden width of a block over its width. The block that halves the map has four times as much of its input's width. */
  readonly expansion: number;
  /** Side of the square kernels of the attention's second scale; present where blocks attend. */
  readonly scale?: 3 | 5;
}

/**
 * Everything in which EfficientViT-SAM's sizes differ. Source: efficientvit/models/efficientvit/backbone.py and sam.py, the
 * functions efficientvit_backbone_l0 to _l2 and efficientvit_sam_l0 to _xl1.
 */
export interface EfficientVitSamConfig {
  /** Side of the square input, px; `decoder.side` is that of the prompts' frame. */
  readonly side: number;
  readonly stages: readonly Stage[];
  /** The neck joins the maps of the last three stages and mixes them by `fmb` blocks. */
  readonly neck: { readonly depth: number; readonly expansion: number };
  readonly decoder: DecoderConfig;
}

/** SAM's own decoder. */
const decoder: DecoderConfig = { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 };

/** Returns the stages of the L models, which take images of 512 px. */
function large(widths: readonly number[], depths: readonly number[]): readonly Stage[] {
  return [
    { width: widths[0]!, depth: depths[0]!, block: "res", expansion: 1 },
    { width: widths[1]!, depth: depths[1]!, block: "fmb", expansion: 4 },
    { width: widths[2]!, depth: depths[2]!, block: "fmb", expansion: 4 },
    { width: widths[3]!, depth: depths[3]!, block: "mb", expansion: 4 },
    { width: widths[4]!, depth: depths[4]!, block: "att", expansion: 6, scale: 5 },
  ];
}

/** Returns the stages of the XL models, which take images of 1024 px. */
function extraLarge(depths: readonly number[]): readonly Stage[] {
  return [
    { width: 32, depth: depths[0]!, block: "res", expansion: 1 },
    { width: 64, depth: depths[1]!, block: "fmb", expansion: 4 },
    { width: 128, depth: depths[2]!, block: "fmb", expansion: 4 },
    { width: 256, depth: depths[3]!, block: "fmb", expansion: 4 },
    { width: 512, depth: depths[4]!, block: "att", expansion: 4, scale: 3 },
    { width: 1024, depth: depths[5]!, block: "att", expansion: 6, scale: 3 },
  ];
}

const largeWidths = [32, 64, 128, 256, 512];

export const efficientVitSamConfigs = {
  "efficientvit-sam-l0": {
    side: 512,
    stages: large(largeWidths, [1, 1, 1, 4, 4]),
    neck: { depth: 4, expansion: 1 },
    decoder,
  },
  "efficientvit-sam-l1": {
    side: 512,
    stages: large(largeWidths, [1, 1, 1, 6, 6]),
    neck: { depth: 8, expansion: 1 },
    decoder,
  },
  "efficientvit-sam-l2": {
    side: 512,
    stages: large(largeWidths, [1, 2, 2, 8, 8]),
    neck: { depth: 12, expansion: 1 },
    decoder,
  },
  "efficientvit-sam-xl0": {
    side: 1024,
    stages: extraLarge([0, 1, 1, 2, 3, 3]),
    neck: { depth: 6, expansion: 4 },
    decoder,
  },
  "efficientvit-sam-xl1": {
    side: 1024,
    stages: extraLarge([1, 2, 2, 4, 6, 6]),
    neck: { depth: 12, expansion: 4 },
    decoder,
  },
  "efficientvit-sam-nano": {
    side: 256,
    stages: large([16, 32, 32, 64, 64], [1, 1, 1, 1, 1]),
    neck: { depth: 1, expansion: 1 },
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 512, grid: 32 },
  },
} as const satisfies Record<string, EfficientVitSamConfig>;

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that is no multiple of 32 px. */
export function configOf(id: string, side?: number): EfficientVitSamConfig {
  return presetSizes<EfficientVitSamConfig>(efficientVitSamConfigs, { id, side, multipleOf: 32 });
}
