import { sam2Decoder } from "../sam2-decoder/decoder.ts";
import { sam2Plugin } from "../sam2-decoder/plugin.ts";
import { discardVideoMemory } from "../sam2-decoder/videoMemory.ts";
import { configOf } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { edgeTamPresets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";

/** Its layers bring a frame's memory to fewer tokens. Source: sam2/modeling/perceiver.py of facebookresearch/EdgeTAM. */
const perceiver = /^spatial_perceiver\./;

export default sam2Plugin({
  presets: edgeTamPresets,
  configOf,
  encoders: { fused: imageEncoder, reference: referenceImageEncoder },
  decoder: sam2Decoder,
  leave(checkpoint, { size }) {
    checkpoint.discard(/\.num_batches_tracked$/, "batch norm's counter; only training uses it");
    if (size === "full") discardVideoMemory(checkpoint, perceiver);
  },
});
