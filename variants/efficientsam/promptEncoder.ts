import type { GraphValue } from "../../harness/api.ts";
import { add, child, concat, type GraphBuilder, type Module, slice, take } from "../../harness/onnx/index.ts";
import { type DecoderConfig, outputTokens } from "../sam-decoder/config.ts";
import {
  countPrompts,
  encodedPlaces,
  forEveryPrompt,
  outputTokenTable,
  promptInputs,
} from "../sam-decoder/promptEncoder.ts";
import { pointsAPrompt } from "./config.ts";

/**
 * Turns `point_coords` [prompts, points, 2] in the model frame and `point_labels` [prompts, points] into the prompt's tokens,
 * [prompts, 11, embedding]: IoU token, mask tokens, and six points. Points beyond the sixth are cut off, as the authors' code
 * does.
 * Source: efficient_sam/efficient_sam.py, predict_masks, and efficient_sam_decoder.py, PromptEncoder.
 */
export function promptTokens(root: Module, config: DecoderConfig): GraphValue {
  const { graph } = root;
  const { coordinates, labels } = promptInputs(root);
  const batch = countPrompts(graph, labels);
  const padding = graph.number(-1);
  // A place beyond the image's left or upper border is stored as padding points are.
  const inside = graph.op("GreaterOrEqual", [coordinates, graph.number(0)]);
  const places = sixPoints(graph, graph.op("Where", [inside, coordinates, padding]), batch);
  const points = pointTokens(child(root, "prompt_encoder"), places, sixPoints(graph, labels, batch), config);
  const learned = forEveryPrompt(graph, outputTokenTable(root, config), batch, [outputTokens, config.embedding]);
  return concat(graph, [learned, points], 1);
}

/** Fills up with -1, in coordinates and labels alike. */
function sixPoints(graph: GraphBuilder, x: GraphValue, batch: GraphValue): GraphValue {
  const dims = [pointsAPrompt, ...(x.dims.slice(2) as number[])];
  const filled = concat(graph, [x, forEveryPrompt(graph, graph.number(-1), batch, dims)], 1);
  return slice(graph, filled, 1, 0, pointsAPrompt);
}

/**
 * Returns the tokens of points, [prompts, 6, embedding]. Unlike SAM's, a padding point keeps the encoding of its place (-1,
 * -1), and a background point has no embedding but that: the authors' code knows no label 0.
 */
function pointTokens(encoder: Module, places: GraphValue, labels: GraphValue, config: DecoderConfig): GraphValue {
  const { graph } = encoder;
  const encoded = encodedPlaces(encoder, places, config);
  const row = graph.op("Cast", [add(graph, labels, graph.number(1))], { to: 7 });
  return add(graph, encoded, graph.op("Gather", [labelTable(encoder, config.embedding), row], { axis: 0 }));
}

/** Returns [5, embedding]: it has rows for the labels -1, 0, 1, 2, 3; the row of 0 is zero. */
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
