import type { GraphValue, Weight } from "../../harness/api.ts";
import {
  add,
  child,
  gelu,
  layerNorm,
  linear,
  type Module,
  reshape,
  take,
  transpose,
} from "../../harness/onnx/index.ts";
import { type DecoderConfig, maskTokens } from "./config.ts";
import { epsilons } from "./epsilons.ts";

/** Layers of the IoU head and of each hypernetwork. */
const mlpLayers = 3;

/** One predicted IoU a mask token: [prompts, 1, 4]. */
export function iouHead(decoder: Module, token: GraphValue, { embedding, iouHead: hidden }: DecoderConfig): GraphValue {
  const { graph } = decoder;
  const widths = [embedding, hidden, hidden, maskTokens];
  let x = token;
  for (let i = 0; i < mlpLayers; i++) {
    const layer = child(decoder, `iou_prediction_head.layers.${i}`);
    x = linear(layer, x, { inputs: widths[i]!, outputs: widths[i + 1]! });
    if (i + 1 < mlpLayers) x = graph.op("Relu", [x]);
  }
  return x;
}

/**
 * [prompts, 4, embedding] mask tokens and [prompts, grid², embedding] image tokens → [prompts, 4, 4 grid, 4 grid].
 * A 2 x 2 transposed convolution of stride 2 is a product that gives each token four children; channels stay last, so
 * norms run over memory in order, and pixels find their place once, at the end, on four channels.
 */
export function upscaledMasks(
  decoder: Module,
  tokens: GraphValue,
  image: GraphValue,
  { embedding, grid }: DecoderConfig,
): GraphValue {
  const { graph } = decoder;
  const upscaling = child(decoder, "output_upscaling");
  const half = embedding / 4;
  const quarter = embedding / 8;
  const places = grid * grid;
  const first = childProduct(child(upscaling, "0"), image, embedding, half);
  const spread = reshape(graph, add(graph, first.product, first.bias), ["prompts", 4 * places, half]);
  const normalised = gelu(
    graph,
    layerNorm(child(upscaling, "1"), spread, { width: half, epsilon: epsilons.imageChannels }),
  );
  const second = childProduct(child(upscaling, "3"), normalised, half, quarter);
  const pixels = reshape(graph, graph.op("BiasGelu", [second.product, second.bias]), ["prompts", 16 * places, quarter]);

  const kernels = hypernetworks(decoder, tokens, embedding, quarter);
  const masks = graph.op("FusedMatMul", [kernels, pixels], { transB: 1 });
  const cells = reshape(graph, masks, ["prompts", maskTokens * grid, grid, 2, 2, 2, 2]);
  return reshape(graph, transpose(graph, cells, [0, 1, 3, 5, 2, 4, 6]), ["prompts", maskTokens, 4 * grid, 4 * grid]);
}

/** x times the kernels [inputs, outputs, 2, 2] as [4 outputs, inputs]; the bias four times over, to be added after. */
export function childProduct(module: Module, x: GraphValue, inputs: number, outputs: number) {
  const { graph } = module;
  const kernels = take(module, "weight", [inputs, outputs, 2, 2]);
  const bias = take(module, "bias", [outputs]);
  const matrix = graph.derived({
    name: `${kernels.name}.children`,
    dims: [4 * outputs, inputs],
    from: [kernels],
    compute: (values) => {
      const result = new Float32Array(values!.length);
      for (let input = 0; input < inputs; input++)
        for (let output = 0; output < outputs; output++)
          for (let cell = 0; cell < 4; cell++)
            result[(cell * outputs + output) * inputs + input] = values![(input * outputs + output) * 4 + cell]!;
      return result;
    },
  });
  return {
    product: graph.op("FusedMatMul", [x, matrix], { transB: 1 }),
    bias: graph.derived({
      name: `${bias.name}.children`,
      dims: [4 * outputs],
      from: [bias],
      compute: (values) => Float32Array.from({ length: 4 * outputs }, (_, i) => values![i % outputs]!),
    }),
  };
}

/** Each mask token through its own MLP, all four as one batch of products: [prompts, 4, outputs]. */
function hypernetworks(decoder: Module, tokens: GraphValue, embedding: number, outputs: number): GraphValue {
  const { graph } = decoder;
  const widths = [embedding, embedding, embedding, outputs];
  let x = transpose(graph, tokens, [1, 0, 2]);
  for (let i = 0; i < mlpLayers; i++) {
    const inputs = widths[i]!;
    const width = widths[i + 1]!;
    const layers = Array.from({ length: maskTokens }, (_, token) =>
      child(decoder, `output_hypernetworks_mlps.${token}.layers.${i}`),
    );
    const matrices = stacked(
      decoder,
      layers.map((layer) => take(layer, "weight", [width, inputs])),
      [maskTokens, width, inputs],
    );
    const biases = stacked(
      decoder,
      layers.map((layer) => take(layer, "bias", [width])),
      [maskTokens, 1, width],
    );
    x = add(graph, graph.op("FusedMatMul", [x, matrices], { transB: 1 }), biases);
    if (i + 1 < mlpLayers) x = graph.op("Relu", [x]);
  }
  return transpose(graph, x, [1, 0, 2]);
}

/** Weights of several modules of one shape as one tensor, [modules, ...]. */
export function stacked({ graph }: Module, weights: readonly Weight[], dims: readonly number[]): GraphValue {
  return graph.derived({
    name: `${weights[0]!.name}.stacked`,
    dims,
    from: weights,
    compute: (...arrays) => {
      const result = new Float32Array(arrays.length * arrays[0]!.length);
      for (const [i, array] of arrays.entries()) result.set(array, i * array.length);
      return result;
    },
  });
}
