import type { ModelLookup, VariantManifest } from "../../harness/api.ts";
import { fieldsOf } from "../base-model/manifest.ts";
import { samPresets } from "../sam/presets.ts";
import type { Scheme } from "./layers.ts";

const paper = { title: "Accelerating Generative AI with PyTorch: Segment Anything, Fast", year: 2023 };

const prefix = "sam-fast/";
const suffix = "/per-token";

const samNotes: Readonly<Record<Scheme, string>> = {
  "per-tensor":
    "what segment-anything-fast does on a GPU, on ONNX Runtime: fused attention, batched prompts, int8; its int8 has one scale for all tokens, which is faster than segment-anything-fast's one a token (sam-fast/…/per-token)",
  "per-token":
    "what segment-anything-fast does on a GPU, on ONNX Runtime: fused attention, batched prompts, and its own int8: one scale a token and one an output channel",
};

const otherNote =
  "segment-anything-fast's int8 on another model than SAM: linear layers of the encoder and, where convolutions do most of its work, these too, with scales found on calibration images";

/** Every SAM appears twice, once for each scheme of int8, on its own checkpoint. Any other model is a base too. */
export const samFastPresets: readonly VariantManifest[] = samPresets.flatMap((base) => [
  manifestOf(base, "per-tensor"),
  manifestOf(base, "per-token"),
]);

/** Returns the manifest of `sam-fast/<model>` or `sam-fast/<model>/per-token`; nothing for another id. */
export function presetOf(id: string, modelOf: ModelLookup): VariantManifest | undefined {
  if (!id.startsWith(prefix)) return undefined;
  const scheme = schemeOf({ id });
  const base = modelOf(id.slice(prefix.length, scheme === "per-token" ? -suffix.length : undefined));
  return base === undefined ? undefined : manifestOf(base, scheme);
}

export function schemeOf({ id }: Pick<VariantManifest, "id">): Scheme {
  return id.endsWith(suffix) ? "per-token" : "per-tensor";
}

function manifestOf(base: VariantManifest, scheme: Scheme): VariantManifest {
  const own = scheme === "per-token";
  return {
    ...fieldsOf(base),
    id: `${prefix}${base.id}${own ? suffix : ""}`,
    title: `SAMFast${own ? " per token" : ""}, ${base.title.replace(/^SAM /, "")}`,
    paper,
    calibration: { images: imagesFor(base), automatic: true },
    notes: [...base.notes, samPresets.includes(base) ? samNotes[scheme] : otherNote],
  };
}

/**
 * Returns the number of calibration images. Where layers have to be chosen, each image costs an encoder larger than ViT-B half
 * a minute, again and again.
 */
function imagesFor({ id }: VariantManifest): number {
  if (/-[lh](\/|$)/.test(id)) return 2;
  return 16;
}
