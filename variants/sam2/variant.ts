import type { Checkpoint, VariantManifest } from "../../harness/api.ts";
import { sam2Decoder } from "../sam2-decoder/decoder.ts";
import { sam2Plugin } from "../sam2-decoder/plugin.ts";
import { discardVideoMemory } from "../sam2-decoder/videoMemory.ts";
import { configOf } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { sam2Presets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";

export default sam2Plugin({
  presets: sam2Presets,
  configOf,
  encoders: { fused: imageEncoder, reference: referenceImageEncoder },
  decoder: sam2Decoder,
  leave: leaveVideoMemory,
});

/** Names and shapes that SAM 2.1 added to SAM 2, and that tell their checkpoints apart. */
const added = new Map([
  ["no_obj_embed_spatial", [1, 64]],
  ["obj_ptr_tpos_proj.weight", [64, 256]],
  ["obj_ptr_tpos_proj.bias", [64]],
]);

function leaveVideoMemory(checkpoint: Checkpoint, { id, size }: VariantManifest): void {
  if (size === "nano") return;
  discardVideoMemory(checkpoint);
  if (!id.startsWith("sam2.1-")) return;
  // Taken and not read: a file without them is SAM 2's.
  for (const [name, dims] of added) checkpoint.take(name, dims);
}
