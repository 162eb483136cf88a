import type { GraphValue } from "../../harness/api.ts";
import { add, child, conv2d, type Module } from "../../harness/onnx/index.ts";
import { exportedBicubic } from "../bicubic/exported.ts";
import { bicubicMatrix } from "../bicubic/matrix.ts";
import type { EdgeSamConfig } from "./config.ts";

/** Resizes [1, channels, rows, columns] to twice its rows and columns. */
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

/** Enlarges by bicubic interpolation as PyTorch exports it. Source: UpSampleLayer of edge_sam/modeling/common.py. */
export const resized: Enlarge = ({ graph }, x) => {
  const [, , rows, columns] = x.dims as [number, number, number, number];
  return exportedBicubic(graph, x, [2 * rows, 2 * columns]);
};

/**
 * Computes the same interpolation as two products with one matrix, first along rows, then along columns: the runtime's
 * Resize takes each of 16 neighbours anew.
 */
export const multiplied: Enlarge = ({ graph }, x) => {
  const [, , rows, columns] = x.dims as [number, number, number, number];
  const wider = graph.op("FusedMatMul", [x, bicubicMatrix(graph, [columns], 2 * columns)], { transB: 1 });
  return graph.op("MatMul", [bicubicMatrix(graph, [rows], 2 * rows), wider]);
};
