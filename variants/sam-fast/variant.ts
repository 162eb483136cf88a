import type { BuildContext, CalibrateContext, OnnxGraph, VariantPlugin } from "../../harness/api.ts";
import { buildBase, graphsOfBase, publishedMacsOfBase } from "../base-model/graphs.ts";
import { loadAsBase, loadRawAsBase } from "../base-model/load.ts";
import { chooseLayers, describeChoice, readChoice } from "./choice.ts";
import { fastLayers, int8Encoder } from "./layers.ts";
import { presetOf, samFastPresets, schemeOf } from "./presets.ts";

export default {
  presets: samFastPresets,
  presetOf,
  precisions: [
    {
      name: "int8",
      describe: "8-bit products, one scale of activations a tensor",
      idOf: (model) => `sam-fast/${model}`,
    },
    {
      name: "int8-per-token",
      describe: "8-bit products, one scale of activations a token",
      idOf: (model) => `sam-fast/${model}/per-token`,
    },
  ],
  async build(context) {
    const changes = (name: string) => context.graph === "fused" && name === "encoder";
    await buildBase(context, (name, graph) => (changes(name) ? fastEncoder(context, graph) : graph));
  },
  async calibrate(context: CalibrateContext) {
    const graphs = await graphsOfBase(context);
    return chooseLayers(graphs.get("encoder")!, schemeOf(context.preset), context);
  },
  // The bound of a calibration's own images, and as much again for others.
  embeddingBound: () => 0.1,
  // Numbers of other formats, and as many products.
  referenceMacs: publishedMacsOfBase,
  load: loadAsBase,
  loadRaw: loadRawAsBase,
} satisfies VariantPlugin;

/**
 * Returns the encoder in int8. Without a calibration, where only shapes and counts are asked for, all of its layers that can be
 * are int8, and convolutions, whose scales are not known yet, have those of values from -1 to 1.
 */
function fastEncoder({ preset, calibration, out }: BuildContext, encoder: OnnxGraph): OnnxGraph {
  const layers = fastLayers(encoder, preset.id);
  const scheme = schemeOf(preset);
  if (calibration === undefined) {
    const unknown = { scale: 1 / 128, zeroPoint: 128 };
    const scales = layers.convolutions.map(({ weight }) => [weight, { activations: unknown, result: unknown }]);
    return int8Encoder(encoder, layers, { scheme, inFloat: [], convolutions: Object.fromEntries(scales) });
  }
  const choice = readChoice(calibration);
  out.note?.(describeChoice(choice, layers));
  return int8Encoder(encoder, layers, { ...choice, scheme });
}
