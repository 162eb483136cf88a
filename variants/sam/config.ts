import type { DecoderConfig } from "../sam-decoder/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/** Everything in which SAM's three sizes differ. Source: segment_anything/build_sam.py. */
export interface SamConfig {
  /** Side of the square input, px. */
  readonly side: number;
  readonly patch: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Hidden width of each block's MLP, where it is not four times the tokens' width. */
  readonly mlp?: number;
  /** Tokens along a window's side. */
  readonly window: number;
  /** Indices of global blocks: these attend over the whole image instead of windows. */
  readonly globalBlocks: readonly number[];
  readonly decoder: DecoderConfig;
}

const decoder: DecoderConfig = { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 };
const full = { side: 1024, patch: 16, window: 14, decoder };

export const samConfigs = {
  "sam-vit-h": { ...full, width: 1280, depth: 32, heads: 16, globalBlocks: [7, 15, 23, 31] },
  "sam-vit-l": { ...full, width: 1024, depth: 24, heads: 16, globalBlocks: [5, 11, 17, 23] },
  "sam-vit-b": { ...full, width: 768, depth: 12, heads: 12, globalBlocks: [2, 5, 8, 11] },
  "sam-nano": {
    side: 256,
    patch: 8,
    width: 96,
    depth: 6,
    heads: 3,
    window: 8,
    globalBlocks: [2, 5],
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 256, grid: 32 },
  },
} as const satisfies Record<string, SamConfig>;

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that is no number of patches. */
export function configOf(id: string, side?: number): SamConfig {
  const { patch: multipleOf } = samConfigs[id as keyof typeof samConfigs] ?? { patch: 1 };
  return presetSizes<SamConfig>(samConfigs, { id, side, multipleOf });
}
