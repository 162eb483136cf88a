import type { VariantPlugin } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { positionsAt } from "../sam/positionsAt.ts";
import { methodMacs } from "../sam/published.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { blvitImageEncoder } from "./imageEncoder.ts";
import { blvitPresetOf, blvitPresets, configOf, settingsOf, withBlvitOptions } from "./presets.ts";

export default {
  presets: blvitPresets,
  presetOf: blvitPresetOf,
  options: [
    { name: "prune-ratio", describe: "big.LITTLE ViT: share of tokens that P-blocks leave out, 0 to 0.9" },
    {
      name: "p-from",
      describe: "big.LITTLE ViT: P-blocks of this SAM's checkpoint, E-blocks seeded; for latency and memory",
    },
  ],
  withOptions: withBlvitOptions,
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const config = configOf(preset.id, context.side);
    if (graph === "reference")
      throw new HarnessError(`${preset.id}: has no reference graph`, {
        found: "no code was published",
        hint: `compare it with SAM: --against ${preset.alternativeTo}`,
      });
    const placed = positionsAt(checkpoint, configOf(preset.id).sam, config.sam);
    await out.write("encoder", blvitImageEncoder(config, settingsOf(preset.id).pruneRatio, placed));
    await buildDecoder(context, config.sam.decoder);
    checkpoint.assertAllTaken();
  },
  referenceMacs({ preset, checkpoint }) {
    const config = configOf(preset.id);
    const encoder = blvitImageEncoder(config, settingsOf(preset.id).pruneRatio, checkpoint);
    const { globalBlocks } = config.sam;
    const plain = config.layers.filter((kind, index) => kind === "plain" && !globalBlocks.includes(index));
    return methodMacs({ encoder, config: config.sam, checkpoint, whole: plain.length, kept: 0 });
  },
  decoderRules: () => "sam",
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
