import type { GraphValue } from "../../harness/api.ts";
import { child, conv2d, layerNorm, type Module, transpose } from "../../harness/onnx/index.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedLayerNorm2d } from "../sam-decoder/exported.ts";

interface NeckWidths {
  /** Channels of the map that comes in. */
  readonly width: number;
  /** Channels of the image embedding. */
  readonly channels: number;
}

/**
 * Brings a map [1, width, rows, columns] to the embedding's channels by a 1 x 1 convolution, a norm, a 3 x 3 convolution and a
 * norm, as they are measured: it is SAM's neck for encoders whose values are images; ./neck.ts has it for tokens.
 */
export function imageNeck(module: Module, x: GraphValue, { width, channels }: NeckWidths): GraphValue {
  const bias = "without bias";
  const narrow = conv2d(child(module, "0"), x, { inputs: width, outputs: channels, kernel: 1, bias });
  const first = channelNorm(child(module, "1"), narrow, { width: channels, epsilon: epsilons.imageChannels });
  const by3 = { inputs: channels, outputs: channels, kernel: 3, padding: 1, bias } as const;
  const mixed = conv2d(child(module, "2"), channelsFirst(module, first), by3);
  const second = channelNorm(child(module, "3"), mixed, { width: channels, epsilon: epsilons.imageChannels });
  return channelsFirst(module, second);
}

/** Does the same operator for operator as PyTorch exports the published code. */
export function exportedImageNeck(module: Module, x: GraphValue, { width, channels }: NeckWidths): GraphValue {
  const bias = "without bias";
  const narrow = conv2d(child(module, "0"), x, { inputs: width, outputs: channels, kernel: 1, bias });
  const first = exportedLayerNorm2d(child(module, "1"), narrow, channels);
  const by3 = { inputs: channels, outputs: channels, kernel: 3, padding: 1, bias } as const;
  return exportedLayerNorm2d(child(module, "3"), conv2d(child(module, "2"), first, by3), channels);
}

/** Normalises over the channels: [1, width, rows, columns] → [1, rows, columns, width]. */
export function channelNorm(
  module: Module,
  x: GraphValue,
  how: { readonly width: number; readonly epsilon: number },
): GraphValue {
  return layerNorm(module, transpose(module.graph, x, [0, 2, 3, 1]), how);
}

function channelsFirst({ graph }: Module, x: GraphValue): GraphValue {
  return transpose(graph, x, [0, 3, 1, 2]);
}
