import type { Dim, OnnxGraph } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { GraphBuilder, joinedGraphs, reshape, slice, transpose, withOutputsNamed } from "../../onnx/index.ts";
import { refusedHint } from "./fit.ts";
import { cutAtPositions, positionsName } from "./positions.ts";

/** Names of the library's two files, without what says their number format. */
export const libraryFiles = ["vision_encoder", "prompt_encoder_mask_decoder"] as const;
export type LibraryFile = (typeof libraryFiles)[number];
export type LibraryGraphs = Readonly<Record<LibraryFile, OnnxGraph>>;

/** Number of SAM's mask tokens: the first is the single-mask token's, which the library leaves out. */
const maskTokens = 4;
/** Label of a padding point. */
const padding = -1;
/** Inputs of SAM's decoder, and of its part that all prompts share. */
const known = [
  ...["image_embedding", "image_tokens", "image_tokens_with_positions", "image_keys", "image_values", "image_queries"],
  ...["point_coords", "point_labels"],
];

/**
 * Returns a SAM's graphs as @huggingface/transformers' SamModel feeds them, of those that a run measures. The encoder takes
 * `pixel_values` [1, 3, side, side] and gives `image_embeddings` and `image_positional_embeddings` [1, embedding, grid, grid]. The
 * decoder takes these, `input_points` [1, prompts, points, 2] and `input_labels` (int64) [1, prompts, points], appends the padding
 * point, and gives `iou_scores` [1, prompts, 3] and `pred_masks` [1, prompts, 3, 4 grid, 4 grid]. Throws HarnessError for a model whose
 * graphs take or give something else.
 */
export function libraryGraphs(id: string, measured: readonly OnnxGraph[]): LibraryGraphs {
  const named = (name: string) => measured.find((graph) => graph.name === name);
  const encoder = named("encoder");
  const shared = named("decoder-image");
  const decoder = named("decoder");
  if (encoder === undefined || shared === undefined || decoder === undefined)
    throw refusal(id, "it is cut into other graphs", measured.map(({ name }) => name).join(", "));
  const other = [...shared.inputs, ...decoder.inputs].find(({ name }) => !known.includes(name));
  if (other !== undefined) throw refusal(id, "its decoder takes more than an image embedding and points", other.name);
  const tokens = decoder.outputs.find(({ name }) => name === "iou_predictions")?.dims[1];
  if (tokens !== maskTokens) throw refusal(id, "its decoder gives another number of masks than SAM's", String(tokens));
  const { positions, tokens: image } = cutAtPositions(shared);
  return {
    vision_encoder: joined("vision_encoder", [
      pixels(encoder),
      encoder,
      positions,
      embeddings(shared.inputs[0]!.dims as Dims),
    ]),
    prompt_encoder_mask_decoder: joined("prompt_encoder_mask_decoder", [
      prompts(shared.inputs[0]!.dims as Dims, decoder),
      image,
      decoder,
      threeMasks(decoder),
    ]),
  };
}

/** [1, embedding, grid, grid] */
type Dims = readonly [number, number, number, number];

function refusal(id: string, why: string, found: string): HarnessError {
  return new HarnessError(`${id}: can not be written for transformers.js: ${why}`, {
    found,
    hint: refusedHint,
  });
}

/** Joins graphs in the order of their use. The whole gives what the last one gives. */
function joined(name: LibraryFile, [first, ...rest]: readonly OnnxGraph[]): OnnxGraph {
  const whole = rest.reduce(joinedGraphs, first!);
  const given = new Set(rest.at(-1)!.outputs.map((output) => output.name));
  return { ...withOutputsNamed(whole, given), name };
}

/** Gives the encoder's input the library's name. */
function pixels(encoder: OnnxGraph): OnnxGraph {
  const [image] = encoder.inputs;
  const graph = new GraphBuilder("pixels");
  graph.output(image!.name, graph.input("pixel_values", image!.dims));
  return graph.finish();
}

/** Gives the encoder's outputs the library's names and shapes. */
function embeddings(dims: Dims): OnnxGraph {
  const [, embedding, rows, columns] = dims;
  const graph = new GraphBuilder("embeddings");
  const image = graph.input("image_embedding", dims);
  const positions = graph.input(positionsName, [rows * columns, embedding]);
  graph.output("image_embeddings", image);
  graph.output("image_positional_embeddings", reshape(graph, transpose(graph, positions, [1, 0]), dims));
  return graph.finish();
}

/** Turns the library's inputs into those of our decoder, with a padding point behind the points of each prompt. */
function prompts(dims: Dims, decoder: OnnxGraph): OnnxGraph {
  const [, embedding, rows, columns] = dims;
  const graph = new GraphBuilder("prompts");
  const whole = graph.ints([0]);
  const points = graph.op("Squeeze", [graph.input("input_points", [1, "prompts", "points", 2]), whole]);
  const given = graph.op("Squeeze", [graph.input("input_labels", [1, "prompts", "points"], "int64"), whole]);
  const labels = graph.op("Cast", [given], { to: 1 });
  graph.output("image_embedding", graph.input("image_embeddings", dims));
  const positions = reshape(graph, graph.input("image_positional_embeddings", dims), [embedding, rows * columns]);
  graph.output(positionsName, transpose(graph, positions, [1, 0]));
  graph.output("point_coords", graph.op("Pad", [points, graph.ints([0, 0, 0, 0, 1, 0]), graph.number(0)]));
  graph.output("point_labels", graph.op("Pad", [labels, graph.ints([0, 0, 0, 1]), graph.number(padding)]));
  const { outputs, ...rest } = graph.finish();
  // Our decoder calls the number of points with the padding point "points", which is one more than the library's.
  const wanted = new Map<string, readonly Dim[]>(decoder.inputs.map((input) => [input.name, input.dims]));
  return { ...rest, outputs: outputs.map((output) => ({ ...output, dims: wanted.get(output.name) ?? output.dims })) };
}

/** Leaves out the single-mask token, and gives the rest the library's names and shapes. */
function threeMasks(decoder: OnnxGraph): OnnxGraph {
  const graph = new GraphBuilder("masks");
  for (const [own, name] of [
    ["iou_predictions", "iou_scores"],
    ["low_res_masks", "pred_masks"],
  ] as const) {
    const value = graph.input(own, decoder.outputs.find((output) => output.name === own)!.dims);
    graph.output(name, graph.op("Unsqueeze", [slice(graph, value, 1, 1, maskTokens), graph.ints([0])]));
  }
  return graph.finish();
}
