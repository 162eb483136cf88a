import { sam2Plugin } from "../sam2-decoder/plugin.ts";
import { discardVideoMemory } from "../sam2-decoder/videoMemory.ts";
import { configOf, efficientTamDecoder } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { efficientTamPresets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";

export default sam2Plugin({
  presets: efficientTamPresets,
  configOf,
  encoders: { fused: imageEncoder, reference: referenceImageEncoder },
  decoder: efficientTamDecoder,
  leave(checkpoint, { size }) {
    if (size === "full") discardVideoMemory(checkpoint);
  },
});
