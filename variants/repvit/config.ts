/** One number a stage. */
export type ByStage = readonly [number, number, number, number];

/**
 * Scales seeded weights of batch norms. With seeded values as they are, maps grow from block to block, because no norm follows
 * the residual sums, until gates of squeeze-excite are shut or wide open (seededScale.test.ts).
 */
export const repVitSeededScale = { prefix: "image_encoder.", suffix: ".bn.weight", factor: 0.7 } as const;

/** The sizes of a RepViT. Sources: cfgs of repvit_sam/modeling/repvit.py and of edge_sam/modeling/rep_vit.py. */
export interface RepVitConfig {
  /** Side of the square input, px. */
  readonly side: number;
  /** Channels of each stage; the stem's first convolution has half of the first number. */
  readonly widths: ByStage;
  /** Number of blocks that keep a stage's size; one more, before them, brings the map from the stage before to this size. */
  readonly depths: ByStage;
  /** Stride of the block before the last stage: 1 leaves the last stage at 16 px a place. */
  readonly lastStride: 1 | 2;
  readonly branches: Branches;
}

/**
 * Says which branches the convolution has that mixes the places of each channel. All sum a 3 x 3 convolution with its batch norm, a 1 x 1
 * convolution and the input itself. `norm on the sum`: the 1 x 1 convolution has a bias, and a second batch norm follows the
 * sum. `norm in each branch`: the 1 x 1 convolution has a batch norm, and none follows the sum.
 */
export type Branches = "norm on the sum" | "norm in each branch";

/** A block of a RepViT. */
export interface RepVitBlock {
  /** Place in the published list `features`; the stem is number 0. */
  readonly index: number;
  /** Stage, from 0. */
  readonly stage: number;
  /** Channels that come in, and that go out. */
  readonly inputs: number;
  readonly width: number;
  /** `changes size`: the block brings the map to the stage's width and grid. `keeps size`: it mixes places by branches. */
  readonly kind: "changes size" | "keeps size";
  readonly stride: 1 | 2;
  /** True if squeeze-excite follows the token mixer. */
  readonly excites: boolean;
}

/**
 * Returns the blocks in the order of the published code. Squeeze-excite follows every other block of a stage, the first of them
 * included; the last block of a stage never has it.
 */
export function repVitBlocks({ widths, depths, lastStride }: RepVitConfig): readonly RepVitBlock[] {
  const blocks: RepVitBlock[] = [];
  for (const [stage, width] of widths.entries()) {
    if (stage > 0)
      blocks.push({
        index: blocks.length + 1,
        stage,
        inputs: widths[stage - 1]!,
        width,
        kind: "changes size",
        stride: stage === widths.length - 1 ? lastStride : 2,
        excites: false,
      });
    for (let i = 0; i < depths[stage]!; i++)
      blocks.push({
        index: blocks.length + 1,
        stage,
        inputs: width,
        width,
        kind: "keeps size",
        stride: 1,
        excites: i % 2 === 0 && i < depths[stage]! - 1,
      });
  }
  return blocks;
}

/**
 * Returns the reduced width of squeeze-excite: a quarter of the channels, rounded to a multiple of 8, a half upwards, and never
 * below 8. Source: make_divisible of timm/layers/helpers.py with round_limit 0.
 */
export function squeezedWidth(channels: number): number {
  return Math.max(8, 8 * Math.floor((channels / 4 + 4) / 8));
}
