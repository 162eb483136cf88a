import type { VariantPlugin } from "../../harness/api.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { buildMobileSam } from "./build.ts";
import { configOf } from "./config.ts";
import { mobileSamPresets } from "./presets.ts";

export default {
  presets: mobileSamPresets,
  async build(context) {
    await buildMobileSam(context, configOf(context.preset.id, context.side));
  },
  decoderRules: () => "sam",
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
