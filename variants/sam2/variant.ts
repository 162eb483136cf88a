import type { Checkpoint, VariantPlugin } from "../../harness/api.ts";
import { buildSam2Decoder, sam2Decoder } from "../sam2-decoder/decoder.ts";
import { loadRawSam2, loadSam2 } from "../sam2-decoder/load.ts";
import { singleMaskOf } from "../sam2-decoder/presets.ts";
import { discardVideoMemory } from "../sam2-decoder/videoMemory.ts";
import { encoderOutputs } from "../sam2-neck/outputs.ts";
import { configOf } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { sam2Presets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";

export default {
  presets: sam2Presets,
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const id = preset.base ?? preset.id;
    const config = configOf(id, context.side);
    const encoder = graph === "fused" ? imageEncoder : referenceImageEncoder;
    await out.write("encoder", encoder(config, checkpoint, encoderOutputs(context)));
    await buildSam2Decoder(context, config.decoder, sam2Decoder);
    if (preset.size === "full") leaveVideoMemory(checkpoint, id);
    checkpoint.assertAllTaken();
  },
  load: (files, runtime, preset) => loadSam2(files, runtime, singleMaskOf(preset)),
  loadRaw: loadRawSam2,
} satisfies VariantPlugin;

/** Names and shapes that SAM 2.1 added to SAM 2, and that tell their checkpoints apart. */
const added = new Map([
  ["no_obj_embed_spatial", [1, 64]],
  ["obj_ptr_tpos_proj.weight", [64, 256]],
  ["obj_ptr_tpos_proj.bias", [64]],
]);

function leaveVideoMemory(checkpoint: Checkpoint, id: string): void {
  discardVideoMemory(checkpoint);
  if (!id.startsWith("sam2.1-")) return;
  // Taken and not read: a file without them is SAM 2's.
  for (const [name, dims] of added) checkpoint.take(name, dims);
}
