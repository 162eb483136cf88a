import type { DecoderConfig } from "../sam-decoder/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/** Rule that says which tokens of a sequence attend to each other. */
export interface Dilation {
  /** Length of a segment in tokens: a sequence falls into segments of this length. */
  readonly segment: number;
  /**
   * The rate r: tokens of a segment attend to each other where they lie a multiple of r apart, so every offset 0 … r - 1 is on
   * its own.
   */
  readonly rate: number;
}

/** The sizes of SAM-Lightening. The paper's text names none: those of full size are read in the authors' code (build_sam.py). */
export interface LighteningConfig {
  /** Side of the square input, px. */
  readonly side: number;
  readonly patch: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Tokens along a window's side. */
  readonly window: number;
  /** Indices of global blocks: these attend over the whole image instead of windows. */
  readonly globalBlocks: readonly number[];
  /**
   * Rules for the windowed blocks, whose segments lie within a window, and for the global ones, whose segments span the grid.
   */
  readonly dilation: { readonly windowed: Dilation; readonly global: Dilation };
  readonly decoder: DecoderConfig;
}

/**
 * The rate is that of the authors' code. The paper's text leaves it open, and segment lengths too: here a segment is a whole
 * window or the whole grid.
 */
const rate = 2;

export const lighteningConfigs = {
  "sam-lightening": {
    side: 1024,
    patch: 16,
    width: 384,
    depth: 6,
    heads: 6,
    window: 14,
    globalBlocks: [2, 5],
    dilation: { windowed: { segment: 14 ** 2, rate }, global: { segment: 64 ** 2, rate } },
    decoder: { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 },
  },
  // The window is sam-nano's: four of them fill the grid's side, and their 64 tokens divide by the rate.
  "sam-lightening-nano": {
    side: 256,
    patch: 8,
    width: 96,
    depth: 6,
    heads: 3,
    window: 8,
    globalBlocks: [2, 5],
    dilation: { windowed: { segment: 8 ** 2, rate }, global: { segment: 32 ** 2, rate } },
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 256, grid: 32 },
  },
} as const satisfies Record<string, LighteningConfig>;

/**
 * Returns a preset's sizes, at another input side if one is given: a segment of a global block is the whole grid there too.
 * Throws HarnessError for a side that is no number of patches, or whose tokens the rate does not divide.
 */
export function configOf(id: string, side?: number): LighteningConfig {
  const { patch } = lighteningConfigs[id as keyof typeof lighteningConfigs] ?? { patch: 1 };
  const config = presetSizes<LighteningConfig>(lighteningConfigs, { id, side, multipleOf: rate * patch });
  const { dilation, decoder } = config;
  return { ...config, dilation: { ...dilation, global: { ...dilation.global, segment: decoder.grid ** 2 } } };
}

/** Sizes and rules of one block's attention: it works within windows or over the whole grid, and takes segments apart. */
export interface BlockAttention extends Dilation {
  readonly width: number;
  readonly heads: number;
  /** Tokens along the image's side. */
  readonly grid: number;
  /** Tokens along a window's side; a global block has none. */
  readonly window?: number;
}

export function attentionOf(config: LighteningConfig, index: number): BlockAttention {
  const { width, heads, side, patch, window, dilation } = config;
  const sizes = { width, heads, grid: side / patch };
  return config.globalBlocks.includes(index)
    ? { ...sizes, ...dilation.global }
    : { ...sizes, window, ...dilation.windowed };
}
