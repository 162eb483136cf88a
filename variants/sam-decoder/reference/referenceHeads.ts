import type { GraphValue } from "../../../harness/api.ts";
import { add, child, concat, type Module, reshape, transpose, weight } from "../../../harness/onnx/index.ts";
import type { DecoderArchitecture, DecoderConfig } from "../config.ts";
import {
  exportedActivation,
  exportedGelu,
  exportedGroupNorm,
  exportedLayerNorm2d,
  exportedLinear,
} from "../exported.ts";

interface Upscaled {
  /** Image tokens, [prompts, grid², embedding]. */
  readonly tokens: GraphValue;
  /** High-resolution maps, for a decoder that adds them after each step's convolution. */
  readonly maps?: { readonly coarse: GraphValue; readonly fine: GraphValue } | undefined;
}

/**
 * Turns the image tokens [prompts, grid², embedding] into pixels by two transposed convolutions: [prompts, embedding / 8, 4
 * grid, 4 grid].
 */
export function referenceUpscaling(
  decoder: Module,
  { tokens, maps }: Upscaled,
  { embedding, grid }: DecoderConfig,
  { upscaling }: DecoderArchitecture,
): GraphValue {
  const { graph } = decoder;
  const steps = child(decoder, upscaling.path);
  const image = reshape(graph, transpose(graph, tokens, [0, 2, 1]), ["prompts", embedding, grid, grid]);
  const deconvolve = (name: string, x: GraphValue, [inputs, outputs]: readonly [number, number], map?: GraphValue) => {
    const layer = child(steps, name);
    const weights = [weight(layer, "weight", [inputs, outputs, 2, 2]), weight(layer, "bias", [outputs])];
    const enlarged = graph.op("ConvTranspose", [x, ...weights], { kernel_shape: [2, 2], strides: [2, 2] });
    return map === undefined ? enlarged : add(graph, enlarged, map);
  };
  const half = deconvolve(upscaling.first, image, [embedding, embedding / 4], maps?.coarse);
  const normalise = upscaling.normalises === "channels" ? exportedLayerNorm2d : exportedGroupNorm;
  const normalised = exportedGelu(graph, normalise(child(steps, upscaling.norm), half, embedding / 4));
  return exportedGelu(graph, deconvolve(upscaling.second, normalised, [embedding / 4, embedding / 8], maps?.fine));
}

/** Multiplies each mask's kernel, [prompts, 1, embedding / 8], with the upscaled image: [prompts, kernels, 4 grid, 4 grid]. */
export function referenceMasks(
  { graph }: Module,
  kernels: readonly GraphValue[],
  upscaled: GraphValue,
  { embedding, grid }: DecoderConfig,
): GraphValue {
  const pixels = reshape(graph, upscaled, ["prompts", embedding / 8, 16 * grid * grid]);
  const masks = graph.op("MatMul", [concat(graph, kernels, 1), pixels]);
  return reshape(graph, masks, ["prompts", kernels.length, 4 * grid, 4 * grid]);
}

/** Puts a token through the linear layers of a head, with activations between them; `widths` has one number more than layers. */
export function referenceHead(
  module: Module,
  token: GraphValue,
  widths: readonly number[],
  { heads }: DecoderArchitecture,
): GraphValue {
  const last = heads.layers.length - 1;
  return heads.layers.reduce((x, name, i) => {
    const layer = exportedLinear(child(module, name), x, { inputs: widths[i]!, outputs: widths[i + 1]! });
    return i === last ? layer : exportedActivation(module.graph, layer, heads.activation);
  }, token);
}
