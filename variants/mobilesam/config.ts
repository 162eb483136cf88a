import type { DecoderConfig } from "../sam-decoder/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/** One number a stage: the first stage is convolutional, the other three attend within windows. */
type ByStage = readonly [number, number, number, number];

/** The sizes of MobileSAM. Source: mobile_sam/build_sam.py and mobile_sam/modeling/tiny_vit_sam.py. */
export interface MobileSamConfig {
  /** Side of the square input, px. */
  readonly side: number;
  /** Channels of each stage. */
  readonly widths: ByStage;
  /** Number of blocks. */
  readonly depths: ByStage;
  /** Heads of attention. The first number is TinyViT's own and nothing uses it: that stage does not attend. */
  readonly heads: ByStage;
  /** Tokens along a window's side. Nothing uses the first number either. */
  readonly windows: ByStage;
  /** Classes of the classifier that TinyViT was trained with; 0 where the preset has none. */
  readonly classes: number;
  readonly decoder: DecoderConfig;
}

export const mobileSamConfigs = {
  mobilesam: {
    side: 1024,
    widths: [64, 128, 160, 320],
    depths: [2, 2, 6, 2],
    heads: [2, 4, 5, 10],
    windows: [7, 7, 14, 7],
    classes: 1000,
    decoder: { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 },
  },
  "mobilesam-nano": {
    side: 512,
    widths: [32, 64, 96, 320],
    depths: [1, 1, 2, 1],
    heads: [1, 2, 3, 10],
    windows: [7, 7, 14, 7],
    classes: 0,
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 512, grid: 32 },
  },
} as const satisfies Record<string, MobileSamConfig>;

/** Pixels to a token of the image embedding. */
export const tinyVitStride = 16;

/**
 * Returns a preset's sizes, at another input side if one is given: windows, and what was learnt of places in them, stay as they
 * are. Throws HarnessError for a side that is no multiple of 16 px.
 */
export function configOf(id: string, side?: number): MobileSamConfig {
  return presetSizes<MobileSamConfig>(mobileSamConfigs, { id, side, multipleOf: tinyVitStride });
}

export interface Stage {
  readonly index: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Tokens along a window's side. */
  readonly window: number;
  /** Tokens along the image's side. */
  readonly grid: number;
}

/**
 * Returns the sizes of each stage. The merging before the last stage keeps the grid, so that the image embedding has 16 px a
 * token.
 */
export function stagesOf({ side, widths, depths, heads, windows }: MobileSamConfig): readonly Stage[] {
  return [4, 8, 16, 16].map((pixelsAToken, index) => ({
    index,
    width: widths[index]!,
    depth: depths[index]!,
    heads: heads[index]!,
    window: windows[index]!,
    grid: side / pixelsAToken,
  }));
}
