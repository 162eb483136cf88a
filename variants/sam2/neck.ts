import type { GraphValue } from "../../harness/api.ts";
import { add, child, type Module, reshape, transpose } from "../../harness/onnx/index.ts";
import { embeddingBias, type HighResolution, highResolutionWeights, lateralWeight } from "../sam2-neck/weights.ts";

/** SAM 2's neck on nested tokens: values are [cells, tokens in each, channels] (./tokenOrder.ts). */

/** Returns the 1 x 1 convolution of the map of this number, without its bias. */
function lateral(neck: Module, index: number, tokens: GraphValue, channels: number): GraphValue {
  const widths = { inputs: tokens.dims[2] as number, outputs: channels };
  const matrix = lateralWeight(neck, index, widths, "matrix");
  return neck.graph.op("FusedMatMul", [tokens, matrix], { transB: 1 });
}

interface Coarse {
  /** Tokens of the second coarsest stage, whose map is the image embedding's. */
  readonly fine: GraphValue;
  /** Tokens of the coarsest stage. */
  readonly coarse: GraphValue;
  /** Channels of the image embedding. */
  readonly channels: number;
  /** Rows and columns of the coarsest stage. */
  readonly coarsest: number;
}

/**
 * Returns the image embedding [1, channels, 2 coarsest, 2 coarsest]: the finer map, the coarser one enlarged to it, and the
 * vector that stands for "no memory", which is added everywhere. A coarse token is repeated for each of its four, so enlarging
 * it takes no values; the three constants are added to it, before there are four.
 */
export function imageEmbedding(root: Module, { fine, coarse, channels, coarsest }: Coarse): GraphValue {
  const { graph } = root;
  const neck = child(root, "image_encoder.neck");
  const enlarged = add(graph, lateral(neck, 0, coarse, channels), embeddingBias(root, channels));
  return toImage(neck, add(graph, lateral(neck, 1, fine, channels), enlarged), coarsest);
}

/** Returns a high-resolution map as nested tokens [cells, tokens in each, outputs]. */
export function highResolution(root: Module, tokens: GraphValue, how: HighResolution): GraphValue {
  const { weight, bias } = highResolutionWeights(root, tokens.dims[2] as number, how, "matrix");
  return add(root.graph, root.graph.op("FusedMatMul", [tokens, weight], { transB: 1 }), bias);
}

/** Puts nested tokens in their places: [cells, tokens in each, channels] → [1, channels, rows, columns]. */
export function toImage({ graph }: Module, tokens: GraphValue, coarsest: number): GraphValue {
  const [cells, inEach, channels] = tokens.dims as [number, number, number];
  if (cells !== coarsest ** 2) throw new Error(`${cells} cells for ${coarsest} x ${coarsest}`);
  const levels = Math.log2(inEach) / 2;
  const quarters = Array.from({ length: levels }, (_, i) => 2 + 2 * i);
  const split = reshape(graph, tokens, [coarsest, coarsest, ...quarters.flatMap(() => [2, 2]), channels]);
  const rows = [0, ...quarters];
  const columns = [1, ...quarters.map((axis) => axis + 1)];
  const moved = transpose(graph, split, [2 + 2 * levels, ...rows, ...columns]);
  return reshape(graph, moved, [1, channels, coarsest * 2 ** levels, coarsest * 2 ** levels]);
}
