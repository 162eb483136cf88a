import type { GraphValue } from "../../harness/api.ts";
import { child, conv2d, layerNorm, type Module, reshape, transpose, weight } from "../../harness/onnx/index.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";

/** Names of the neck's layers in a checkpoint. */
export interface NeckLayers {
  /** The 1 x 1 convolution. */
  readonly narrow: string;
  readonly firstNorm: string;
  /** The 3 x 3 convolution. */
  readonly mix: string;
  readonly lastNorm: string;
}

export const samNeckLayers: NeckLayers = { narrow: "0", firstNorm: "1", mix: "2", lastNorm: "3" };

interface NeckSizes {
  /** Width of the tokens. */
  readonly width: number;
  /** Tokens along the image's side. */
  readonly grid: number;
  /** Channels of the image embedding. */
  readonly channels: number;
  /** Names of the layers in the checkpoint; they are SAM's if left out. */
  readonly layers?: NeckLayers;
}

/**
 * Turns tokens [1, grid², width] into [1, channels, grid, grid] by a 1 x 1 convolution, a norm, a 3 x 3 convolution and a norm.
 * Source: segment_anything/modeling/image_encoder.py; EfficientSAM and EfficientTAM have the same.
 */
export function neck(module: Module, tokens: GraphValue, how: NeckSizes): GraphValue {
  const { graph } = module;
  const { width, grid, channels, layers = samNeckLayers } = how;
  const toImage = (x: GraphValue) => reshape(graph, transpose(graph, x, [0, 2, 1]), [1, channels, grid, grid]);
  const matrix = reshape(graph, weight(child(module, layers.narrow), "weight", [channels, width, 1, 1]), [
    channels,
    width,
  ]);
  const narrow = graph.op("FusedMatMul", [tokens, matrix], { transB: 1 });
  const first = layerNorm(child(module, layers.firstNorm), narrow, {
    width: channels,
    epsilon: epsilons.imageChannels,
  });
  const convolution = { inputs: channels, outputs: channels, kernel: 3, padding: 1, bias: "without bias" } as const;
  const mixed = conv2d(child(module, layers.mix), toImage(first), convolution);
  const mixedTokens = transpose(graph, reshape(graph, mixed, [1, channels, grid * grid]), [0, 2, 1]);
  return toImage(
    layerNorm(child(module, layers.lastNorm), mixedTokens, { width: channels, epsilon: epsilons.imageChannels }),
  );
}
