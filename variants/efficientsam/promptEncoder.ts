import type { Dim, GraphValue } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  type GraphBuilder,
  type Module,
  mul,
  slice,
  take,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderConfig, outputTokens } from "../sam-decoder/config.ts";
import { pointsAPrompt } from "./config.ts";

/** Tokens of a prompt: what is predicted, and its points. */
export const promptTokenCount = outputTokens + pointsAPrompt;

/**
 * `point_coords` [prompts, points, 2] in the model frame and `point_labels` [prompts, points] → the prompt's tokens, [prompts, 11,
 * embedding]: IoU token, mask tokens, and six points. Points beyond the sixth are cut off, as the authors' code does.
 * Source: efficient_sam/efficient_sam.py, predict_masks, and efficient_sam_decoder.py, PromptEncoder.
 */
export function promptTokens(root: Module, config: DecoderConfig): GraphValue {
  const { graph } = root;
  const coordinates = graph.input("point_coords", ["prompts", "points", 2]);
  const labels = graph.input("point_labels", ["prompts", "points"]);
  const batch = graph.op("Slice", [graph.op("Shape", [labels]), ...[0, 1, 0].map((value) => graph.ints([value]))]);
  const padding = graph.number(-1);
  // A place beyond the image's left or upper border is stored as padding points are.
  const inside = graph.op("GreaterOrEqual", [coordinates, graph.number(0)]);
  const places = sixPoints(graph, graph.op("Where", [inside, coordinates, padding]), batch);
  const points = pointTokens(child(root, "prompt_encoder"), places, sixPoints(graph, labels, batch), config);
  const learned = repeated(graph, outputTokenTable(root, config), batch, [outputTokens, config.embedding]);
  return concat(graph, [learned, points], 1);
}

/** Filled up with -1, in coordinates and labels alike. */
function sixPoints(graph: GraphBuilder, x: GraphValue, batch: GraphValue): GraphValue {
  const dims = [pointsAPrompt, ...(x.dims.slice(2) as number[])];
  const filled = concat(graph, [x, repeated(graph, graph.number(-1), batch, dims)], 1);
  return slice(graph, filled, 1, 0, pointsAPrompt);
}

/** For every prompt: [prompts, …dims]. */
function repeated(graph: GraphBuilder, x: GraphValue, batch: GraphValue, dims: readonly number[]): GraphValue {
  const vouched: Dim[] = ["prompts", ...dims];
  return graph.op("Expand", [x, concat(graph, [batch, graph.ints(dims)], 0)], {}, { vouched });
}

/**
 * [prompts, 6, embedding]. Unlike SAM's, a padding point keeps the encoding of its place (-1, -1), and a background point has
 * no embedding but that: the authors' code knows no label 0.
 */
function pointTokens(encoder: Module, places: GraphValue, labels: GraphValue, config: DecoderConfig): GraphValue {
  const { graph } = encoder;
  const { embedding, side } = config;
  const centred = mul(graph, add(graph, places, graph.number(0.5)), graph.number(1 / side));
  const signed = graph.op("Sub", [mul(graph, centred, graph.number(2)), graph.number(1)]);
  const matrix = weight(encoder, "pe_layer.positional_encoding_gaussian_matrix", [2, embedding / 2]);
  const angle = mul(graph, graph.op("MatMul", [signed, matrix]), graph.number(2 * Math.PI));
  const encoded = concat(graph, [graph.op("Sin", [angle]), graph.op("Cos", [angle])], 2);
  const row = graph.op("Cast", [add(graph, labels, graph.number(1))], { to: 7 });
  return add(graph, encoded, graph.op("Gather", [labelTable(encoder, embedding), row], { axis: 0 }));
}

/** [5, embedding]: rows for the labels -1, 0, 1, 2, 3; that of 0 is zero. */
function labelTable(encoder: Module, embedding: number): GraphValue {
  const rows = [
    ["invalid_points.weight", 0],
    ["point_embeddings.weight", 2],
    ["bbox_top_left_embeddings.weight", 3],
    ["bbox_bottom_right_embeddings.weight", 4],
  ] as const;
  return encoder.graph.derived({
    name: "prompt_encoder.label_embeddings",
    dims: [5, embedding],
    from: rows.map(([name]) => take(encoder, name, [1, embedding])),
    compute: (...values) => {
      const table = new Float32Array(5 * embedding);
      for (const [i, [, row]] of rows.entries()) table.set(values[i]!, row * embedding);
      return table;
    },
  });
}

/** [1, 5, embedding] */
function outputTokenTable(root: Module, { embedding }: DecoderConfig): GraphValue {
  const decoder = child(root, "mask_decoder");
  const iou = take(decoder, "iou_token.weight", [1, embedding]);
  const masks = take(decoder, "mask_tokens.weight", [outputTokens - 1, embedding]);
  return root.graph.derived({
    name: "mask_decoder.output_tokens",
    dims: [1, outputTokens, embedding],
    from: [iou, masks],
    compute: (first, others) => Float32Array.from([...first!, ...others!]),
  });
}
