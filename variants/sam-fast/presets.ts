import type { VariantManifest } from "../../harness/api.ts";
import { samPresets } from "../sam/presets.ts";

const paper = { title: "Accelerating Generative AI with PyTorch: Segment Anything, Fast", year: 2023 };

/** Every SAM, on its own checkpoint. */
export const samFastPresets: readonly VariantManifest[] = samPresets.map((base) => ({
  ...{ id: `sam-fast/${base.id}`, title: `SAMFast, ${base.title.replace("SAM ", "")}`, base: base.id, paper },
  ...{ size: base.size, input: base.input, mask: base.mask, lacks: base.lacks },
  calibration: { images: imagesFor(base), automatic: true },
  notes: [
    ...base.notes,
    "what segment-anything-fast does on a GPU, on ONNX Runtime: fused attention, batched prompts, int8",
  ],
}));

/** Where layers have to be chosen, each image costs an encoder larger than ViT-B half a minute, again and again. */
function imagesFor({ id }: VariantManifest): number {
  return /-(l|h)$/.test(id) ? 2 : 16;
}
