import type { GraphValue } from "../../harness/api.ts";
import type { Module } from "../../harness/onnx/index.ts";
import { epsilons } from "./epsilons.ts";

/** Sizes in which SAM's prompt encoder and mask decoder differ. */
export interface DecoderConfig {
  /** Channels of the image embedding and of tokens. */
  readonly embedding: number;
  readonly heads: number;
  /** Hidden width of the two-way transformer's MLP. */
  readonly mlp: number;
  /** Hidden width of the head that predicts IoU. */
  readonly iouHead: number;
  /** Side of the model frame, px: prompts have its coordinates. */
  readonly side: number;
  /** Rows and columns of the image embedding; low-res logits have four times as many. */
  readonly grid: number;
}

/** Token 0 is the single-mask output, the other three the multimask output. */
export const maskTokens = 4;
/** SAM's IoU token comes first, its mask tokens after it. */
export const outputTokens = 1 + maskTokens;

/** Learned tokens that results are read from, in their order: a weight of the mask decoder, and how many tokens it holds. */
export type LearnedTokens = readonly (readonly [weight: string, count: number])[];

const weights = {
  iou: "iou_token.weight",
  masks: "mask_tokens.weight",
  objectScore: "obj_score_token.weight",
} as const;

export const samTokens: LearnedTokens = [
  [weights.iou, 1],
  [weights.masks, maskTokens],
];

/** SAM's tokens behind one from which the decoder tells whether the object is there at all. */
export const tokensWithObjectScore: LearnedTokens = [[weights.objectScore, 1], ...samTokens];

/** Cross attention runs at half the embedding's width. */
export const downsample = 2;
export const transformerDepth = 2;

type Activation = "Relu" | "Gelu";

/** Holds what a decoder can tell from how good its masks are. */
interface Decoded {
  /** The IoU token, [prompts, 1, embedding]. */
  readonly iouToken: GraphValue;
  /** [prompts, masks, 4 grid, 4 grid] */
  readonly lowResLogits: GraphValue;
}

/** Returns a score for each mask, [prompts, masks], in place of the IoU that SAM's head predicts. */
export type MaskScores = (decoder: Module, decoded: Decoded, config: DecoderConfig) => GraphValue;

/** Places of the learned tokens, which come before those of the prompt. */
interface TokenPlaces {
  readonly iou: number;
  /** Place of the first mask token. */
  readonly masks: number;
  /** Absent where the decoder has no object score. */
  readonly objectScore: number | undefined;
  /** Number of all learned tokens. */
  readonly all: number;
}

export function tokenPlaces({ learned }: Pick<DecoderArchitecture, "learned">): TokenPlaces {
  const places = new Map<string, number>();
  let all = 0;
  for (const [weight, count] of learned) {
    places.set(weight, all);
    all += count;
  }
  return {
    iou: places.get(weights.iou)!,
    masks: places.get(weights.masks)!,
    objectScore: places.get(weights.objectScore),
    all,
  };
}

/** Everything besides sizes and prompts in which two published decoders of SAM's kind differ. */
export interface DecoderArchitecture {
  readonly learned: LearnedTokens;
  /** `added`: image tokens carry the embedding that stands for "no mask", which the tokens of a mask prompt replace. */
  readonly noMaskEmbedding: "added" | "none";
  /**
   * Self attention among the prompt tokens. `plain`: values carry no positions, and the first layer replaces the tokens by their
   * attention. `with positions`: values carry positions, and so do the tokens that the attention is added to, in every layer.
   */
  readonly selfAttention: "plain" | "with positions";
  /** The number that the two-way transformer's LayerNorms add to a variance. */
  readonly layerNormEpsilon: number;
  /** The MLP of a transformer layer: its two linear layers by their names in the checkpoint, and the activation between them. */
  readonly mlp: { readonly layers: readonly [string, string]; readonly activation: Activation };
  /** The upscaling of image tokens: two steps and the norm between them, which is taken over each place's channels or over all. */
  readonly upscaling: {
    readonly path: string;
    readonly first: string;
    readonly norm: string;
    readonly second: string;
    readonly normalises: "channels" | "all";
    /** Maps of the encoder's finer stages that are added after each step's convolution. */
    readonly adds: "nothing" | "high-resolution maps";
  };
  /** The head that predicts IoU and each mask token's own MLP: the names of their linear layers, with activations between them. */
  readonly heads: { readonly layers: readonly string[]; readonly activation: Activation };
  /** Scores masks where the IoU that the head predicts is not to be used. */
  readonly scores?: MaskScores;
  /** `sigmoid`: the predicted IoU is between 0 and 1. `linear`: it is what the head's last layer gives. */
  readonly predictedIou: "linear" | "sigmoid";
  /** Number of returned masks: they are those of the last mask tokens. */
  readonly masks: number;
  /** Choices of the fused graph: they change its speed and leave its results alone. */
  readonly fused: {
    /**
     * All prompts without a mask look at the same image in the first layer: it is projected once an image, once a call, or each
     * prompt is projected onto it.
     */
    readonly firstLook: "image projected before" | "project the image" | "project the prompts";
    /** The last attention is run for all prompt tokens, or for those alone that something is read from. */
    readonly lastLook: "all tokens" | "tokens that are read";
  };
}

/** SAM's decoder. Source: segment_anything/modeling/mask_decoder.py and transformer.py. */
export const samDecoder: DecoderArchitecture = {
  learned: samTokens,
  noMaskEmbedding: "added",
  selfAttention: "plain",
  layerNormEpsilon: epsilons.twoWayTransformer,
  mlp: { layers: ["mlp.lin1", "mlp.lin2"], activation: "Relu" },
  upscaling: { path: "output_upscaling", first: "0", norm: "1", second: "3", normalises: "channels", adds: "nothing" },
  heads: { layers: ["layers.0", "layers.1", "layers.2"], activation: "Relu" },
  predictedIou: "linear",
  masks: maskTokens,
  fused: { firstLook: "image projected before", lastLook: "tokens that are read" },
};
