import type { Sam2Config } from "./config.ts";

/** Tokens of the finest stage lie 4 px apart, those of the coarsest 32 px. */
export const patchStride = 4;
const coarsestStride = 32;

/** A transformer block of Hiera. Sides are counted in tokens. */
export interface HieraBlock {
  readonly index: number;
  readonly stage: number;
  /** Channels of the tokens that come in. */
  readonly inputWidth: number;
  readonly width: number;
  readonly heads: number;
  /** Tokens along the image's side, as they come in. */
  readonly inputGrid: number;
  readonly grid: number;
  /** Tokens along a window's side, as they come in; absent for a block that attends over the whole image. */
  readonly window?: number;
  /** The block begins a stage: it has new channels, and its queries are pooled, 2 x 2 tokens to one. */
  readonly pools: boolean;
  /** The block ends its stage. */
  readonly last: boolean;
}

/** Returns rows and columns of the tokens of each stage. */
export function gridOf({ side }: Pick<Sam2Config, "side">, stage: number): number {
  return side / patchStride / 2 ** stage;
}

/** Returns rows and columns of the coarsest stage. */
export function coarsestGrid({ side }: Pick<Sam2Config, "side">): number {
  return side / coarsestStride;
}

/**
 * Returns the trunk's blocks in their order. A stage's first block still attends in the windows of the stage before.
 * Source: Hiera.__init__ of sam2/modeling/backbones/hieradet.py.
 */
export function blocksOf(config: Sam2Config): readonly HieraBlock[] {
  const blocks: HieraBlock[] = [];
  for (const [stage, depth] of config.depths.entries())
    for (let place = 0; place < depth; place++) {
      const pools = stage > 0 && place === 0;
      const inputStage = pools ? stage - 1 : stage;
      const index = blocks.length;
      blocks.push({
        index,
        stage,
        inputWidth: config.width * 2 ** inputStage,
        width: config.width * 2 ** stage,
        heads: config.heads * 2 ** stage,
        inputGrid: gridOf(config, inputStage),
        grid: gridOf(config, stage),
        window: config.globalBlocks.includes(index) ? undefined : config.windows[inputStage]!,
        pools,
        last: place === depth - 1,
      });
    }
  return blocks;
}
