import type { VariantPlugin } from "../../harness/api.ts";
import { buildMobileSam } from "../mobilesam/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { configOf } from "./config.ts";
import { tinySamPresets } from "./presets.ts";

export default {
  presets: tinySamPresets,
  async build(context) {
    await buildMobileSam(context, configOf(context.preset.id, context.side));
  },
  decoderRules: () => "sam",
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
