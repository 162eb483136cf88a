import type { GraphValue, Weight } from "../../harness/api.ts";
import {
  add,
  child,
  gelu,
  layerNorm,
  linear,
  type Module,
  mul,
  product,
  reshape,
  slice,
  take,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderArchitecture, type DecoderConfig, maskTokens } from "./config.ts";
import { epsilons } from "./epsilons.ts";

/** Returns one predicted IoU for each returned mask, [prompts, masks], from the IoU token [prompts, 1, embedding]. */
export function predictedIou(
  decoder: Module,
  token: GraphValue,
  { embedding, iouHead: hidden }: DecoderConfig,
  architecture: DecoderArchitecture,
): GraphValue {
  const { graph } = decoder;
  const { masks } = architecture;
  const widths = [embedding, hidden, hidden, maskTokens];
  const x = headOf(child(decoder, "iou_prediction_head"), token, widths, architecture);
  const returned = masks === maskTokens ? x : slice(graph, x, 2, maskTokens - masks, maskTokens);
  const values = architecture.predictedIou === "linear" ? returned : graph.op("Sigmoid", [returned]);
  return reshape(graph, values, ["prompts", masks]);
}

/** Returns the logit of the object being there, [prompts], from its token [prompts, 1, embedding]. */
export function objectScore(
  decoder: Module,
  token: GraphValue,
  { embedding }: DecoderConfig,
  architecture: DecoderArchitecture,
): GraphValue {
  const widths = [embedding, embedding, embedding, 1];
  const score = headOf(child(decoder, "pred_obj_score_head"), token, widths, architecture);
  return reshape(decoder.graph, score, ["prompts"]);
}

/** Puts a token through the linear layers of a head; `widths` has one number more than layers. */
function headOf(
  head: Module,
  token: GraphValue,
  widths: readonly number[],
  { heads }: DecoderArchitecture,
): GraphValue {
  const last = heads.layers.length - 1;
  let x = token;
  for (const [i, name] of heads.layers.entries()) {
    const layer = child(head, name);
    const sizes = { inputs: widths[i]!, outputs: widths[i + 1]! };
    x = i === last ? linear(layer, x, sizes) : activatedLinear(layer, x, sizes, heads.activation);
  }
  return x;
}

/** Adds a linear layer and its activation. The runtime joins a bias and GELU in one operator. */
export function activatedLinear(
  layer: Module,
  x: GraphValue,
  widths: { readonly inputs: number; readonly outputs: number },
  activation: "Relu" | "Gelu",
): GraphValue {
  const { graph } = layer;
  if (activation === "Relu") return graph.op("Relu", [linear(layer, x, widths)]);
  return graph.op("BiasGelu", [product(layer, x, widths), weight(layer, "bias", [widths.outputs])]);
}

interface Upscaled {
  /** Tokens of the returned masks, [prompts, masks, embedding]. */
  readonly tokens: GraphValue;
  /** [prompts, grid², embedding] */
  readonly image: GraphValue;
  /** Maps that `highResolutionTokens` gives, for a decoder that adds them. */
  readonly highResolution?: HighResolution;
}

interface HighResolution {
  /** Added after the first step, [grid², embedding]: the four children of each place, each with its channels. */
  readonly coarse: GraphValue;
  /** Added after the second step, [4 grid², embedding / 2]. */
  readonly fine: GraphValue;
}

/**
 * Returns the low-res logits [prompts, masks, 4 grid, 4 grid], in the order of the tokens. Pixels find their place once, at the
 * end, on as many channels as there are masks.
 */
export function upscaledMasks(
  decoder: Module,
  { tokens, image, highResolution }: Upscaled,
  config: DecoderConfig,
  architecture: DecoderArchitecture,
): GraphValue {
  const { embedding } = config;
  const pixels = upscaledPixels(decoder, { image, highResolution }, config, architecture);
  const kernels = hypernetworks(decoder, tokens, [embedding, embedding / 8], architecture);
  return placedMasks(decoder, { kernels, pixels, masks: architecture.masks }, config);
}

/**
 * Turns image tokens [prompts, grid², embedding] into pixels [prompts, 16 grid², embedding / 8], the sixteen of a token side by side:
 * [grid, grid, 2, 2, 2, 2] in rows and columns by turns. A 2 x 2 transposed convolution of stride 2 is a product that gives each
 * token four children. Channels stay last, so norms run over memory in order.
 */
export function upscaledPixels(
  decoder: Module,
  { image, highResolution }: Omit<Upscaled, "tokens">,
  { embedding, grid }: DecoderConfig,
  { upscaling }: DecoderArchitecture,
): GraphValue {
  const { graph } = decoder;
  const steps = child(decoder, upscaling.path);
  const half = embedding / 4;
  const quarter = embedding / 8;
  const places = grid * grid;
  const first = childProduct(child(steps, upscaling.first), image, embedding, half);
  const halfway = add(graph, first.product, highResolution?.coarse ?? first.bias);
  const spread = reshape(graph, halfway, ["prompts", 4 * places, half]);
  const normalise = upscaling.normalises === "channels" ? layerNormGelu : groupNormGelu;
  const normalised = normalise(child(steps, upscaling.norm), spread, half);
  const second = childProduct(child(steps, upscaling.second), normalised, half, quarter);
  // The runtime would join a bias of rank 1 with GELU and go row by row, which takes three times as long where rows are narrow.
  const added = highResolution?.fine ?? reshape(graph, second.bias, [1, 1, 4 * quarter]);
  return reshape(graph, gelu(graph, add(graph, second.product, added)), ["prompts", 16 * places, quarter]);
}

interface Products {
  /** [prompts, masks, embedding / 8] */
  readonly kernels: GraphValue;
  /** Pixels that `upscaledPixels` gives. */
  readonly pixels: GraphValue;
  readonly masks: number;
}

/**
 * Multiplies each mask's kernel with the pixels and puts these in their places: [prompts, masks, 4 grid, 4 grid]. They move in two
 * steps of one axis each, the first eight pixels at a time: the runtime does the same as one transposition in twice the time.
 */
export function placedMasks(
  { graph }: Module,
  { kernels, pixels, masks }: Products,
  { grid }: DecoderConfig,
): GraphValue {
  const products = graph.op("FusedMatMul", [kernels, pixels], { transB: 1 });
  const cells = reshape(graph, products, ["prompts", masks * grid, grid, 2, 8]);
  const inHalves = reshape(graph, transpose(graph, cells, [0, 1, 3, 2, 4]), [
    "prompts",
    2 * masks * grid,
    2 * grid,
    2,
    2,
  ]);
  return reshape(graph, transpose(graph, inHalves, [0, 1, 3, 2, 4]), ["prompts", masks, 4 * grid, 4 * grid]);
}

/**
 * Returns high-resolution maps, [1, embedding / 4, 2 grid, 2 grid] and [1, embedding / 8, 4 grid, 4 grid], as `upscaledMasks`
 * adds them, with the biases of its transposed convolutions in them. All prompts of an image share them.
 */
export function highResolutionTokens(
  decoder: Module,
  maps: HighResolution,
  { embedding, grid }: DecoderConfig,
  { upscaling }: DecoderArchitecture,
): HighResolution {
  const { graph } = decoder;
  const steps = child(decoder, upscaling.path);
  const places = grid * grid;
  const half = embedding / 4;
  const quarter = embedding / 8;
  const coarse = transpose(graph, reshape(graph, maps.coarse, [half, grid, 2, grid, 2]), [1, 3, 2, 4, 0]);
  const fine = transpose(graph, reshape(graph, maps.fine, [quarter, grid, 2, 2, grid, 2, 2]), [1, 4, 2, 5, 3, 6, 0]);
  return {
    coarse: add(graph, reshape(graph, coarse, [places, 4 * half]), childBias(child(steps, upscaling.first), half)),
    fine: add(
      graph,
      reshape(graph, fine, [4 * places, 4 * quarter]),
      childBias(child(steps, upscaling.second), quarter),
    ),
  };
}

export function layerNormGelu(norm: Module, x: GraphValue, channels: number): GraphValue {
  return gelu(norm.graph, layerNorm(norm, x, { width: channels, epsilon: epsilons.imageChannels }));
}

/**
 * Returns GELU of the norm over all places and channels of a prompt (one group), which has a weight and a bias a channel. Means
 * are taken of each place's channels first: one running sum over a million values would lose digits.
 */
function groupNormGelu(norm: Module, x: GraphValue, channels: number): GraphValue {
  const { graph } = norm;
  const mean = (each: GraphValue) => graph.op("ReduceMean", [each, graph.ints([1])], { keepdims: 1 });
  const within = (operator: "ReduceMean" | "ReduceSumSquare", each: GraphValue) =>
    graph.op(operator, [each, graph.ints([2])], { keepdims: 1 });
  const centred = graph.op("Sub", [x, mean(within("ReduceMean", x))]);
  const variance = graph.op("Div", [mean(within("ReduceSumSquare", centred)), graph.number(channels)]);
  const deviation = graph.op("Sqrt", [add(graph, variance, graph.number(epsilons.groupNorm))]);
  const scaled = mul(graph, centred, graph.op("Div", [weight(norm, "weight", [channels]), deviation]));
  return graph.op("BiasGelu", [scaled, weight(norm, "bias", [channels])]);
}

/** Returns x times the kernels [inputs, outputs, 2, 2] as [4 outputs, inputs], and the bias four times over, to be added after. */
export function childProduct(module: Module, x: GraphValue, inputs: number, outputs: number) {
  const { graph } = module;
  const kernels = take(module, "weight", [inputs, outputs, 2, 2]);
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
    bias: childBias(module, outputs),
  };
}

/** Returns a transposed convolution's bias four times over. */
function childBias(module: Module, outputs: number): GraphValue {
  const bias = take(module, "bias", [outputs]);
  return module.graph.derived({
    name: `${bias.name}.children`,
    dims: [4 * outputs],
    from: [bias],
    compute: (values) => Float32Array.from({ length: 4 * outputs }, (_, i) => values![i % outputs]!),
  });
}

/**
 * Puts each returned mask's token through its own MLP, all of them as one batch of products: [prompts, masks, outputs]. The MLPs
 * of masks that are never returned are not run; their tokens take part in attention all the same. `further` names the MLPs of
 * tokens behind SAM's.
 */
export function hypernetworks(
  decoder: Module,
  tokens: GraphValue,
  [embedding, outputs]: readonly [number, number],
  { heads, masks }: DecoderArchitecture,
  further: readonly string[] = [],
): GraphValue {
  const { graph } = decoder;
  const last = heads.layers.length - 1;
  let x = transpose(graph, tokens, [1, 0, 2]);
  for (const [i, name] of heads.layers.entries()) {
    const width = i === last ? outputs : embedding;
    const layers = Array.from({ length: maskTokens }, (_, token) =>
      child(decoder, `output_hypernetworks_mlps.${token}.${name}`),
    );
    for (const layer of layers.slice(0, maskTokens - masks)) {
      graph.withoutEffect(take(layer, "weight", [width, embedding]));
      graph.withoutEffect(take(layer, "bias", [width]));
    }
    const ofFurther = further.map((mlp) => child(decoder, `${mlp}.${name}`));
    const returned = [...layers.slice(maskTokens - masks), ...ofFurther];
    const matrices = stacked(
      decoder,
      returned.map((layer) => take(layer, "weight", [width, embedding])),
      [returned.length, width, embedding],
    );
    const biases = stacked(
      decoder,
      returned.map((layer) => take(layer, "bias", [width])),
      [returned.length, 1, width],
    );
    x = add(graph, graph.op("FusedMatMul", [x, matrices], { transB: 1 }), biases);
    if (i !== last) x = graph.op(heads.activation, [x]);
  }
  return transpose(graph, x, [1, 0, 2]);
}

/** Returns weights of several modules, all of one shape, as one tensor [modules, ...]. */
function stacked({ graph }: Module, weights: readonly Weight[], dims: readonly number[]): GraphValue {
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
