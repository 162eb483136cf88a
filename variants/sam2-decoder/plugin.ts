import type { Checkpoint, GraphKind, OnnxGraph, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import type { DecoderArchitecture, DecoderConfig } from "../sam-decoder/config.ts";
import { type EncoderOutputs, encoderOutputs } from "../sam2-neck/outputs.ts";
import { buildSam2Decoder } from "./decoder.ts";
import { loadRawSam2, loadSam2 } from "./load.ts";
import { singleMaskOf } from "./presets.ts";

/** Everything in which models with SAM 2's prompts and decoder differ. */
interface Sam2Model<Config extends { readonly decoder: DecoderConfig }> {
  readonly presets: readonly VariantManifest[];
  /** Returns a preset's sizes. Throws HarnessError for another input side. */
  configOf(id: string, side?: number): Config;
  readonly encoders: Readonly<
    Record<GraphKind, (config: Config, checkpoint: Checkpoint, outputs: EncoderOutputs) => OnnxGraph>
  >;
  readonly decoder: DecoderArchitecture;
  /** Takes or discards what a file of this preset holds besides the image mode. */
  leave(checkpoint: Checkpoint, preset: VariantManifest): void;
}

/** Returns the plug-in of a model with SAM 2's prompts and decoder. */
export function sam2Plugin<Config extends { readonly decoder: DecoderConfig }>({
  presets,
  configOf,
  encoders,
  decoder,
  leave,
}: Sam2Model<Config>): VariantPlugin & Required<Pick<VariantPlugin, "loadRaw">> {
  return {
    presets,
    async build(context) {
      const { preset, checkpoint, graph, out } = context;
      const config = configOf(preset.base ?? preset.id, context.side);
      await out.write("encoder", encoders[graph](config, checkpoint, encoderOutputs(context)));
      await buildSam2Decoder(context, config.decoder, decoder);
      leave(checkpoint, preset);
      checkpoint.assertAllTaken();
    },
    decoderRules: (preset) => (singleMaskOf(preset) === "by stability" ? "sam2-by-stability" : "sam2"),
    load: (files, runtime, preset) => loadSam2(files, runtime, singleMaskOf(preset)),
    loadRaw: loadRawSam2,
  };
}
