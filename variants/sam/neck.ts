import type { GraphValue } from "../../harness/api.ts";
import { child, conv2d, layerNorm, type Module, reshape, transpose, weight } from "../../harness/onnx/index.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";

interface NeckSizes {
  /** Width of the tokens. */
  readonly width: number;
  /** Tokens along the image's side. */
  readonly grid: number;
  /** Channels of the image embedding. */
  readonly channels: number;
}

/**
 * Turns tokens [1, grid², width] into [1, channels, grid, grid] by a 1 x 1 convolution, a norm, a 3 x 3 convolution and a norm.
 * Source: segment_anything/modeling/image_encoder.py; EfficientSAM has the same.
 */
export function neck(module: Module, tokens: GraphValue, { width, grid, channels }: NeckSizes): GraphValue {
  const { graph } = module;
  const toImage = (x: GraphValue) => reshape(graph, transpose(graph, x, [0, 2, 1]), [1, channels, grid, grid]);
  const narrowing = reshape(graph, weight(module, "0.weight", [channels, width, 1, 1]), [channels, width]);
  const narrow = graph.op("FusedMatMul", [tokens, narrowing], { transB: 1 });
  const first = layerNorm(child(module, "1"), narrow, { width: channels, epsilon: epsilons.imageChannels });
  const convolution = { inputs: channels, outputs: channels, kernel: 3, padding: 1, bias: "without bias" } as const;
  const mixed = conv2d(child(module, "2"), toImage(first), convolution);
  const mixedTokens = transpose(graph, reshape(graph, mixed, [1, channels, grid * grid]), [0, 2, 1]);
  return toImage(layerNorm(child(module, "3"), mixedTokens, { width: channels, epsilon: epsilons.imageChannels }));
}
