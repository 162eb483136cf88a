import type { GraphValue } from "../../harness/api.ts";
import { add, child, type Module } from "../../harness/onnx/index.ts";
import { embeddingBias, type HighResolution, highResolutionWeights, lateralWeight } from "../sam2-neck/weights.ts";

/** SAM 2's neck on images: values are [1, channels, rows, columns]. */

interface Maps {
  /** Map of the second coarsest stage, which has the image embedding's rows and columns. */
  readonly fine: GraphValue;
  /** Map of the coarsest stage. */
  readonly coarse: GraphValue;
  /** Channels of the image embedding. */
  readonly channels: number;
}

/**
 * Returns the image embedding: the finer map, the coarser one enlarged to it, and the vector that stands for "no memory", which
 * is added everywhere. All constants are added to the coarser map, before its places are four each.
 */
export function imageEmbedding(root: Module, { fine, coarse, channels }: Maps): GraphValue {
  const { graph } = root;
  const neck = child(root, "image_encoder.neck");
  const kernels = (index: number, map: GraphValue) =>
    lateralWeight(neck, index, { inputs: map.dims[1] as number, outputs: channels }, "kernels");
  const narrow = pointwise(root, coarse, kernels(0, coarse), embeddingBias(root, channels));
  const enlarged = graph.op("Resize", [narrow, undefined, undefined, graph.ints([1, channels, ...sidesOf(fine)])], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
  return add(graph, pointwise(root, fine, kernels(1, fine)), enlarged);
}

/** Returns a high-resolution map, [1, outputs, rows, columns]. */
export function highResolution(root: Module, map: GraphValue, how: HighResolution): GraphValue {
  const { weight, bias } = highResolutionWeights(root, map.dims[1] as number, how, "kernels");
  return pointwise(root, map, weight, bias);
}

function pointwise({ graph }: Module, x: GraphValue, kernels: GraphValue, bias?: GraphValue): GraphValue {
  return graph.op("Conv", bias === undefined ? [x, kernels] : [x, kernels, bias], { kernel_shape: [1, 1] });
}

function sidesOf({ dims }: GraphValue): readonly number[] {
  return dims.slice(2) as number[];
}
