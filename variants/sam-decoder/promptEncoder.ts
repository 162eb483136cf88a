import type { GraphValue } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  type GraphBuilder,
  gelu,
  layerNorm,
  type Module,
  mul,
  reshape,
  take,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderArchitecture, type DecoderConfig, samDecoder, tokenPlaces } from "./config.ts";
import { epsilons } from "./epsilons.ts";

/** Number of labels that have an embedding of their own: 0 background, 1 foreground, 2 and 3 the corners of a box. */
const pointEmbeddings = 4;

/** Channels of the mask's two downscaling steps. */
const maskChannels = [4, 16] as const;

interface PromptInputs {
  /** [prompts, points, 2]: x, y in the model frame. */
  readonly coordinates: GraphValue;
  /** [prompts, points]: -1 padding, 0 background, 1 foreground, 2 and 3 box corners, 4 `placeOnly`. */
  readonly labels: GraphValue;
}

export function promptInputs({ graph }: Module): PromptInputs {
  return {
    coordinates: graph.input("point_coords", ["prompts", "points", 2]),
    labels: graph.input("point_labels", ["prompts", "points"]),
  };
}

/**
 * Returns the learned tokens and one token a point: [prompts, learned tokens + points, embedding].
 * Source: segment_anything/modeling/prompt_encoder.py and mask_decoder.py.
 */
export function promptTokens(
  root: Module,
  prompts: PromptInputs,
  config: DecoderConfig,
  architecture: DecoderArchitecture = samDecoder,
): GraphValue {
  const { graph } = root;
  const learned = outputTokenTable(root, config, architecture);
  const dims = learned.dims.slice(1) as number[];
  const tokens = forEveryPrompt(graph, learned, countPrompts(graph, prompts.labels), dims);
  return concat(graph, [tokens, pointTokens(child(root, "prompt_encoder"), prompts, config)], 1);
}

/** Returns the number of prompts in the batch, [1]: `x` has as many rows. */
export function countPrompts(graph: GraphBuilder, x: GraphValue): GraphValue {
  return graph.op("Slice", [graph.op("Shape", [x]), ...[0, 1, 0].map((value) => graph.ints([value]))]);
}

/** Repeats [1, …dims] for every prompt of the batch: [prompts, …dims]. */
export function forEveryPrompt(
  graph: GraphBuilder,
  x: GraphValue,
  prompts: GraphValue,
  dims: readonly number[],
): GraphValue {
  const shape = concat(graph, [prompts, graph.ints(dims)], 0);
  return graph.op("Expand", [x, shape], {}, { vouched: ["prompts", ...dims] });
}

/** Returns the learned tokens [1, learned tokens, embedding], from which results are read: the IoU token and the mask tokens, for one. */
export function outputTokenTable(
  root: Module,
  { embedding }: DecoderConfig,
  architecture: DecoderArchitecture = samDecoder,
): GraphValue {
  const decoder = child(root, "mask_decoder");
  return root.graph.derived({
    name: "mask_decoder.output_tokens",
    dims: [1, tokenPlaces(architecture).all, embedding],
    from: architecture.learned.map(([weight, count]) => take(decoder, weight, [count, embedding])),
    compute: (...tables) => Float32Array.from(tables.flatMap((table) => [...table])),
  });
}

/** Encodes places [prompts, points, 2] of the model frame by sines and cosines: [prompts, points, embedding]. */
export function encodedPlaces(encoder: Module, places: GraphValue, { embedding, side }: DecoderConfig): GraphValue {
  const { graph } = encoder;
  const centred = mul(graph, add(graph, places, graph.number(0.5)), graph.number(1 / side));
  const signed = graph.op("Sub", [mul(graph, centred, graph.number(2)), graph.number(1)]);
  const matrix = weight(encoder, "pe_layer.positional_encoding_gaussian_matrix", [2, embedding / 2]);
  const angle = mul(graph, graph.op("MatMul", [signed, matrix]), graph.number(2 * Math.PI));
  return concat(graph, [graph.op("Sin", [angle]), graph.op("Cos", [angle])], 2);
}

/** A padding point has no position, only its own embedding; the others add theirs to the encoding of their place. */
function pointTokens(encoder: Module, { coordinates, labels }: PromptInputs, config: DecoderConfig): GraphValue {
  const { graph } = encoder;
  const place = encodedPlaces(encoder, coordinates, config);
  const real = graph.op("Cast", [graph.op("GreaterOrEqual", [labels, graph.number(0)])], { to: 1 });
  const row = graph.op("Cast", [add(graph, labels, graph.number(1))], { to: 7 });
  const own = graph.op("Gather", [labelTable(encoder, config.embedding), row], { axis: 0 });
  return add(graph, mul(graph, place, reshape(graph, real, ["prompts", "points", 1])), own);
}

/** Returns [6, embedding]: it has rows for the labels -1, 0, 1, 2, 3 and, all zero, `placeOnly`. */
function labelTable(encoder: Module, embedding: number): GraphValue {
  const names = [
    "not_a_point_embed.weight",
    ...Array.from({ length: pointEmbeddings }, (_, i) => `point_embeddings.${i}.weight`),
  ];
  return encoder.graph.derived({
    name: "prompt_encoder.label_embeddings",
    dims: [names.length + 1, embedding],
    from: names.map((name) => take(encoder, name, [1, embedding])),
    compute: (...rows) => {
      const table = new Float32Array((names.length + 1) * embedding);
      for (const [i, row] of rows.entries()) table.set(row, i * embedding);
      return table;
    },
  });
}

/**
 * Returns [grid², embedding]: the encoding of every place of the image embedding, which depends on the Gaussian matrix alone.
 */
export function imagePositions(root: Module, { embedding, grid }: DecoderConfig): GraphValue {
  const half = embedding / 2;
  const matrix = take(child(root, "prompt_encoder"), "pe_layer.positional_encoding_gaussian_matrix", [2, half]);
  return root.graph.derived({
    name: "prompt_encoder.image_positions",
    dims: [grid * grid, embedding],
    from: [matrix],
    compute: (gaussian) => {
      const result = new Float32Array(grid * grid * embedding);
      for (let place = 0; place < grid * grid; place++) {
        const x = (2 * ((place % grid) + 0.5)) / grid - 1;
        const y = (2 * (Math.floor(place / grid) + 0.5)) / grid - 1;
        for (let i = 0; i < half; i++) {
          const angle = 2 * Math.PI * (x * gaussian![i]! + y * gaussian![half + i]!);
          result[place * embedding + i] = Math.sin(angle);
          result[place * embedding + half + i] = Math.cos(angle);
        }
      }
      return result;
    },
  });
}

/** Returns the embedding that stands for "no mask", [embedding]. */
export function noMaskEmbedding(root: Module, { embedding }: DecoderConfig): GraphValue {
  const none = take(child(root, "prompt_encoder"), "no_mask_embed.weight", [1, embedding]);
  return root.graph.derived({ name: none.name, dims: [embedding], from: [none], compute: (values) => values! });
}

/** Adds the input for low-res logits of an earlier prediction. */
export function maskInput({ graph }: Module, { grid }: DecoderConfig): GraphValue {
  return graph.input("mask_input", ["prompts", 1, 4 * grid, 4 * grid]);
}

/**
 * Turns `mask_input` [prompts, 1, 4 grid, 4 grid] into [prompts, grid², embedding], less the "no mask" embedding, which the
 * image's tokens already carry. A 2 x 2 convolution of stride 2 is a product over each patch, so channels stay last throughout.
 */
export function maskTokensOf(root: Module, { embedding, grid }: DecoderConfig, mask: GraphValue): GraphValue {
  const { graph } = root;
  const encoder = child(root, "prompt_encoder");
  const module = child(encoder, "mask_downscaling");
  const [first, second] = maskChannels;
  const places = grid * grid;
  const patches = transpose(graph, reshape(graph, mask, ["prompts", grid, 2, 2, grid, 2, 2]), [0, 1, 4, 2, 5, 3, 6]);
  const step = (x: GraphValue, i: number, inputs: number, outputs: number) => {
    const mixed = add(
      graph,
      patchProduct(child(module, String(i)), x, inputs, outputs),
      weight(module, `${i}.bias`, [outputs]),
    );
    return gelu(
      graph,
      layerNorm(child(module, String(i + 1)), mixed, { width: outputs, epsilon: epsilons.imageChannels }),
    );
  };
  const half = step(reshape(graph, patches, ["prompts", 4 * places, 4]), 0, 1, first);
  const quarter = step(reshape(graph, half, ["prompts", places, 4 * first]), 3, first, second);

  const last = child(module, "6");
  const matrix = reshape(graph, weight(last, "weight", [embedding, second, 1, 1]), [embedding, second]);
  const bias = take(last, "bias", [embedding]);
  const none = take(encoder, "no_mask_embed.weight", [1, embedding]);
  const difference = graph.derived({
    name: `${bias.name}-no_mask_embed`,
    dims: [embedding],
    from: [bias, none],
    compute: (own, without) => own!.map((value, i) => value - without![i]!),
  });
  return add(graph, graph.op("FusedMatMul", [quarter, matrix], { transB: 1 }), difference);
}

/** Multiplies patches, whose channels come last, with the 2 x 2 kernels [outputs, inputs, 2, 2] as one matrix. */
function patchProduct(module: Module, patches: GraphValue, inputs: number, outputs: number): GraphValue {
  const kernels = take(module, "weight", [outputs, inputs, 2, 2]);
  const matrix = module.graph.derived({
    name: `${kernels.name}.patch`,
    dims: [outputs, 4 * inputs],
    from: [kernels],
    compute: (values) => {
      const result = new Float32Array(values!.length);
      for (let output = 0; output < outputs; output++)
        for (let input = 0; input < inputs; input++)
          for (let cell = 0; cell < 4; cell++)
            result[(output * 4 + cell) * inputs + input] = values![(output * inputs + input) * 4 + cell]!;
      return result;
    },
  });
  return module.graph.op("FusedMatMul", [patches, matrix], { transB: 1 });
}
