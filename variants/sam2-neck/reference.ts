import type { GraphValue } from "../../harness/api.ts";
import { add, child, conv2d, type Module, reshape, weight } from "../../harness/onnx/index.ts";

interface Neck {
  /** [1, channels, rows, columns] of the second coarsest stage. */
  readonly embedding: GraphValue;
  /** The finest map, and the next. */
  readonly highResolution: readonly [GraphValue, GraphValue];
}

/**
 * Adds the neck of SAM 2 and the mask decoder's two convolutions as PyTorch exports them. `stages` are [1, channels, rows,
 * columns], from the finest to the coarsest. Only the second coarsest map gets a sum.
 * Source: FpnNeck of sam2/modeling/backbones/image_encoder.py; forward_image of sam2_base.py; set_image of sam2_image_predictor.py.
 */
export function referenceNeck(root: Module, stages: readonly GraphValue[], channels: number): Neck {
  const { graph } = root;
  const neck = child(root, "image_encoder.neck");
  const [finest, finer, fine, coarse] = stages.map((stage, i) =>
    pointwise(child(neck, `convs.${stages.length - 1 - i}.conv`), stage, channels),
  ) as [GraphValue, GraphValue, GraphValue, GraphValue];
  const how = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  const enlarged = graph.op("Resize", [coarse, undefined, undefined, graph.ints(fine.dims as number[])], how);
  const noMemory = reshape(graph, weight(root, "no_mem_embed", [1, 1, channels]), [1, channels, 1, 1]);
  const decoder = child(root, "sam_mask_decoder");
  return {
    embedding: add(graph, add(graph, fine, enlarged), noMemory),
    highResolution: [
      pointwise(child(decoder, "conv_s0"), finest, channels / 8),
      pointwise(child(decoder, "conv_s1"), finer, channels / 4),
    ],
  };
}

function pointwise(module: Module, x: GraphValue, outputs: number): GraphValue {
  return conv2d(module, x, { inputs: x.dims[1] as number, outputs, kernel: 1, bias: "with bias" });
}
