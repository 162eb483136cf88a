import { type DecoderArchitecture, type DecoderConfig, samTokens } from "../sam-decoder/config.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/** Everything in which EfficientSAM's sizes differ. Source: efficient_sam/build_efficient_sam.py, efficient_sam.py. */
export interface EfficientSamConfig {
  /** Side of the square input, px. */
  readonly side: number;
  readonly patch: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** The sizes mean what they mean in SAM's decoder. */
  readonly decoder: DecoderConfig;
}

/** Number of points that a prompt holds, a box counting as two. The model fills what is left with padding points. */
export const pointsAPrompt = 6;

/** EfficientSAM's decoder. Source: efficient_sam/efficient_sam_decoder.py and two_way_transformer.py. */
export const efficientSamDecoder: DecoderArchitecture = {
  learned: samTokens,
  noMaskEmbedding: "none",
  selfAttention: "with positions",
  layerNormEpsilon: epsilons.twoWayTransformer,
  mlp: { layers: ["mlp.layers.0.0", "mlp.fc"], activation: "Gelu" },
  upscaling: {
    path: "final_output_upscaling_layers",
    first: "0.0",
    norm: "0.1",
    second: "1.0",
    normalises: "all",
    adds: "nothing",
  },
  heads: { layers: ["layers.0.0", "layers.1.0", "fc"], activation: "Gelu" },
  predictedIou: "linear",
  masks: 3,
  fused: { firstLook: "project the image", lastLook: "tokens that are read" },
};

const full = {
  side: 1024,
  patch: 16,
  depth: 12,
  decoder: { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 },
};

export const efficientSamConfigs = {
  "efficientsam-ti": { ...full, width: 192, heads: 3 },
  "efficientsam-s": { ...full, width: 384, heads: 6 },
  "efficientsam-nano": {
    side: 256,
    patch: 8,
    width: 96,
    depth: 6,
    heads: 3,
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 256, grid: 32 },
  },
} as const satisfies Record<string, EfficientSamConfig>;

/**
 * Returns a preset's sizes, at another input side if one is given: the authors' encoder asserts its own, and stretches positions
 * that were trained for 224 px to it. Throws HarnessError for a side that is no number of patches.
 */
export function configOf(id: string, side?: number): EfficientSamConfig {
  const { patch: multipleOf } = efficientSamConfigs[id as keyof typeof efficientSamConfigs] ?? { patch: 1 };
  return presetSizes<EfficientSamConfig>(efficientSamConfigs, { id, side, multipleOf });
}
