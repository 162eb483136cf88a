import type { VariantManifest } from "../../harness/api.ts";
import { samPresets } from "../sam/presets.ts";
import type { Scheme } from "./choice.ts";

const paper = { title: "Accelerating Generative AI with PyTorch: Segment Anything, Fast", year: 2023 };

const notes: Readonly<Record<Scheme, string>> = {
  "per-tensor":
    "what segment-anything-fast does on a GPU, on ONNX Runtime: fused attention, batched prompts, int8; its int8 has one scale for all tokens, which is faster than segment-anything-fast's one a token (sam-fast/…/per-token)",
  "per-token":
    "what segment-anything-fast does on a GPU, on ONNX Runtime: fused attention, batched prompts, and its own int8: one scale a token and one an output channel",
};

/** Every SAM appears twice, once for each scheme of int8, on its own checkpoint. */
export const samFastPresets: readonly VariantManifest[] = samPresets.flatMap((base) => [
  presetOf(base, "per-tensor"),
  presetOf(base, "per-token"),
]);

export function schemeOf({ id }: Pick<VariantManifest, "id">): Scheme {
  return id.endsWith("/per-token") ? "per-token" : "per-tensor";
}

function presetOf(base: VariantManifest, scheme: Scheme): VariantManifest {
  const own = scheme === "per-token";
  return {
    id: `sam-fast/${base.id}${own ? "/per-token" : ""}`,
    title: `SAMFast${own ? " per token" : ""}, ${base.title.replace("SAM ", "")}`,
    base: base.id,
    paper,
    size: base.size,
    input: base.input,
    mask: base.mask,
    lacks: base.lacks,
    calibration: { images: imagesFor(base), automatic: true },
    notes: [...base.notes, notes[scheme]],
  };
}

/**
 * Returns the number of calibration images. Where layers have to be chosen, each image costs an encoder larger than ViT-B half
 * a minute, again and again.
 */
function imagesFor({ id }: VariantManifest): number {
  return /-(l|h)$/.test(id) ? 2 : 16;
}
