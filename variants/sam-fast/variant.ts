import type { BuildContext, CalibrateContext, OnnxGraph, VariantPlugin } from "../../harness/api.ts";
import { buildBase, graphsOfBase, publishedMacsOfBase } from "../base-model/graphs.ts";
import { loadAsBase, loadRawAsBase } from "../base-model/load.ts";
import { chooseLayers, describeChoice, readChoice } from "./choice.ts";
import { decoderProducts, decoderScales, int8Decoder } from "./decoder.ts";
import { fastLayers, int8Encoder } from "./layers.ts";
import { formOf, presetOf, samFastPresets } from "./presets.ts";

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
    const decodes = (name: string) => name === "decoder" || name === "decoder-mask";
    const { decoder } = formOf(context.preset);
    await buildBase(context, (name, graph) => {
      if (context.graph !== "fused") return graph;
      if (name === "encoder") return fastEncoder(context, graph);
      return decoder === "int8" && decodes(name) ? fastDecoder(context, graph) : graph;
    });
  },
  async calibrate(context: CalibrateContext) {
    const graphs = await graphsOfBase(context);
    const { scheme, decoder } = formOf(context.preset);
    const scales = decoder === "float" ? undefined : await decoderScales(graphs, context);
    const chosen = await chooseLayers(graphs.get("encoder")!, scheme, context);
    return scales === undefined ? chosen : { ...chosen, decoder: scales };
  },
  // The bound of a calibration's own images, and as much again for others.
  embeddingBound: () => 0.1,
  // Numbers of other formats, and as many products.
  referenceMacs: publishedMacsOfBase,
  load: loadAsBase,
  loadRaw: loadRawAsBase,
} satisfies VariantPlugin;

/** A scale of values from -1 to 1, where those of images are not known. */
const unknown = { scale: 1 / 128, zeroPoint: 128 };

/**
 * Returns the encoder in int8. Without a calibration, where only shapes and counts are asked for, all of its layers that can be
 * are int8, and convolutions, whose scales are not known yet, have those of values from -1 to 1.
 */
function fastEncoder({ preset, calibration, out }: BuildContext, encoder: OnnxGraph): OnnxGraph {
  const layers = fastLayers(encoder, preset.id);
  const { scheme } = formOf(preset);
  if (calibration === undefined) {
    const scales = layers.convolutions.map(({ weight }) => [weight, { activations: unknown, result: unknown }]);
    return int8Encoder(encoder, layers, { scheme, inFloat: [], convolutions: Object.fromEntries(scales) });
  }
  const choice = readChoice(calibration);
  out.note?.(describeChoice(choice, layers));
  return int8Encoder(encoder, layers, { ...choice, scheme });
}

/** Returns a decoder in int8. Without a calibration its products have the scale of values from -1 to 1. */
function fastDecoder({ calibration }: BuildContext, decoder: OnnxGraph): OnnxGraph {
  const products = decoderProducts(decoder).map(({ weight }) => [weight, unknown] as const);
  const known = calibration === undefined ? undefined : readChoice(calibration).decoder;
  return int8Decoder(decoder, known ?? Object.fromEntries(products));
}
