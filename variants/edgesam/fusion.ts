import type { GraphValue } from "../../harness/api.ts";
import { add, child, conv2d, type Module } from "../../harness/onnx/index.ts";
import type { EdgeSamConfig } from "./config.ts";

/** Enlarges [1, channels, rows, columns] to twice its rows and columns. */
export type Enlarge = (module: Module, x: GraphValue) => GraphValue;

/**
 * Sums the map of 16 px a place and the enlarged one of 32 px a place, each brought to the embedding's channels first:
 * [1, embedding, grid, grid]. Source: RepViT.forward with fuse of edge_sam/modeling/rep_vit.py.
 */
export function fusedStages(
  encoder: Module,
  maps: readonly GraphValue[],
  { widths, decoder }: EdgeSamConfig,
  enlarge: Enlarge,
): GraphValue {
  const to = { outputs: decoder.embedding, kernel: 1, bias: "without bias" } as const;
  const fine = conv2d(child(encoder, "fuse_stage2"), maps[2]!, { ...to, inputs: widths[2] });
  const coarse = conv2d(child(encoder, "fuse_stage3.op_list.0"), maps[3]!, { ...to, inputs: widths[3] });
  return add(encoder.graph, fine, enlarge(encoder, coarse));
}

/**
 * Enlarges by bicubic interpolation as PyTorch exports it, with a = -0.75 and corners that are not aligned.
 * Source: UpSampleLayer of edge_sam/modeling/common.py.
 */
export const resized: Enlarge = ({ graph }, x) => {
  const [batch, channels, rows, columns] = x.dims as [number, number, number, number];
  const sizes = graph.ints([batch, channels, 2 * rows, 2 * columns]);
  return graph.op("Resize", [x, undefined, undefined, sizes], {
    mode: "cubic",
    coordinate_transformation_mode: "pytorch_half_pixel",
    cubic_coeff_a: { float: -0.75 },
    nearest_mode: "floor",
  });
};

/** Weights of a cubic at distances 1.75, 0.75, 0.25 and 1.25 of a place, which are all that doubling meets. */
const taps = [1.75, 0.75, 0.25, 1.25].map(cubicWeight);

/** Returns the weight of a pixel at a distance of up to two places. Source: Keys 1981, with a = -0.75. */
function cubicWeight(distance: number): number {
  const a = -0.75;
  if (distance <= 1) return (a + 2) * distance ** 3 - (a + 3) * distance ** 2 + 1;
  return a * distance ** 3 - 5 * a * distance ** 2 + 8 * a * distance - 4 * a;
}

/**
 * Enlarges by the same interpolation as two products with one matrix, first along rows, then along columns: the runtime's
 * Resize takes each of 16 neighbours anew.
 */
export const multiplied: Enlarge = ({ graph }, x) => {
  const [, , rows, columns] = x.dims as [number, number, number, number];
  const matrix = (side: number) =>
    graph.constant(`bicubic[${2 * side},${side}]`, "float32", [2 * side, side], () => doubling(side));
  const wider = graph.op("FusedMatMul", [x, matrix(columns)], { transB: 1 });
  return graph.op("MatMul", [matrix(rows), wider]);
};

/** Returns the matrix [2 side, side] of a bicubic that doubles a side. Beyond the edge its last pixel is repeated. */
export function doubling(side: number): Float32Array {
  const matrix = new Float32Array(2 * side * side);
  for (let to = 0; to < 2 * side; to++) {
    // The middle of pixel `to` lies a quarter before, or behind, the middle of the pixel that it is part of.
    const [first, weights] = to % 2 === 0 ? [to / 2 - 2, taps] : [(to - 1) / 2 - 1, taps.toReversed()];
    for (const [i, value] of weights.entries()) {
      const from = Math.min(side - 1, Math.max(0, first + i));
      const at = to * side + from;
      matrix[at] = matrix[at]! + value;
    }
  }
  return matrix;
}
