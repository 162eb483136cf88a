import type { DecoderConfig } from "../sam-decoder/config.ts";
import { sizesAt } from "../sam-decoder/presetSizes.ts";

/** It holds one number a stage, from the finest to the coarsest. */
export type ByStage = readonly [number, number, number, number];

/** Everything in which SAM 2's sizes differ. Source: sam2/configs/sam2.1/*.yaml and sam2/modeling/backbones/hieradet.py. */
export interface Sam2Config {
  /** Side of the square input, px. */
  readonly side: number;
  /** Channels of the first stage. Each stage has twice as many as the one before, and twice its heads. */
  readonly width: number;
  /** Heads of the first stage. */
  readonly heads: number;
  /** Number of blocks. */
  readonly depths: ByStage;
  /** Indices of global blocks: these attend over the whole image instead of windows. */
  readonly globalBlocks: readonly number[];
  /** Tokens along a window's side. */
  readonly windows: ByStage;
  /** Rows and columns of the learned positions that are stretched over the whole image. */
  readonly background: number;
  readonly decoder: DecoderConfig;
}

const decoder: DecoderConfig = { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 };
const full = { side: 1024, windows: [8, 4, 14, 7], background: 7, decoder } as const;

/** The sizes by the end of the id: SAM 2 and SAM 2.1 have the same. */
export const sam2Configs = {
  t: { ...full, width: 96, heads: 1, depths: [1, 2, 7, 2], globalBlocks: [5, 7, 9] },
  s: { ...full, width: 96, heads: 1, depths: [1, 2, 11, 2], globalBlocks: [7, 10, 13] },
  // Depths, global blocks and background are defaults of Hiera's constructor, which the YAML file does not name.
  "b+": { ...full, width: 112, heads: 2, depths: [2, 3, 16, 3], globalBlocks: [12, 16, 20], background: 14 },
  l: { ...full, width: 144, heads: 2, depths: [2, 6, 36, 4], globalBlocks: [23, 33, 43], windows: [8, 4, 16, 8] },
  nano: {
    side: 256,
    width: 32,
    heads: 1,
    depths: [1, 2, 3, 2],
    globalBlocks: [5],
    windows: [8, 4, 6, 3],
    background: 7,
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 256, grid: 16 },
  },
} as const satisfies Record<string, Sam2Config>;

export type Sam2Size = keyof typeof sam2Configs;

/** Pixels to a token of the coarsest stage. */
const coarsestStride = 32;

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that is no multiple of 32 px. */
export function configOf(id: string, side?: number): Sam2Config {
  const size = id.slice(id.indexOf("-") + 1);
  const config: Sam2Config | undefined = sam2Configs[size as Sam2Size];
  if (config === undefined) throw new Error(`no SAM 2 preset is named ${id}`);
  return sizesAt(config, { id, side, multipleOf: coarsestStride });
}
