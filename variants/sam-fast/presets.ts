import type { ModelLookup, VariantManifest } from "../../harness/api.ts";
import { fieldsOf } from "../base-model/manifest.ts";
import { samPresets } from "../sam/presets.ts";
import type { Scheme } from "./layers.ts";

const paper = { title: "Accelerating Generative AI with PyTorch: Segment Anything, Fast", year: 2023 };

const prefix = "sam-fast/";
/** One way of int8: the encoder's scheme, and whether the decoder's largest products are int8 too. */
export interface Form {
  /** Stands behind the model's id. */
  readonly suffix: string;
  readonly scheme: Scheme;
  readonly decoder: "float" | "int8";
  readonly title: string;
}

const perTensor: Form = { suffix: "", scheme: "per-tensor", decoder: "float", title: "SAMFast" };
const perToken: Form = { suffix: "/per-token", scheme: "per-token", decoder: "float", title: "SAMFast per token" };
const int8Decoder: Form = {
  suffix: "/int8-decoder",
  scheme: "per-tensor",
  decoder: "int8",
  title: "SAMFast, int8 decoder",
};

const samNotes: Readonly<Record<Scheme, string>> = {
  "per-tensor":
    "what segment-anything-fast does on a GPU, on ONNX Runtime: fused attention, batched prompts, int8; its int8 has one scale for all tokens, which is faster than segment-anything-fast's one a token (sam-fast/…/per-token)",
  "per-token":
    "what segment-anything-fast does on a GPU, on ONNX Runtime: fused attention, batched prompts, and its own int8: one scale a token and one an output channel",
};

const otherNote =
  "segment-anything-fast's int8 on another model than SAM: linear layers of the encoder and, where convolutions do most of its work, these too, with scales found on calibration images";

const decoderNote =
  "the decoder's product of normalised values of all places, the first of upscaling, is int8 too, with a scale found on calibration images";

/** Every SAM appears twice, once for each scheme of int8, on its own checkpoint. Any other model is a base too. */
export const samFastPresets: readonly VariantManifest[] = samPresets.flatMap((base) => [
  manifestOf(base, perTensor),
  manifestOf(base, perToken),
]);

/**
 * Returns the manifest of `sam-fast/<model>`, `sam-fast/<model>/per-token` or `sam-fast/<model>/int8-decoder`; nothing for another
 * id.
 */
export function presetOf(id: string, modelOf: ModelLookup): VariantManifest | undefined {
  if (!id.startsWith(prefix)) return undefined;
  const form = formOf({ id });
  const base = modelOf(id.slice(prefix.length, id.length - form.suffix.length));
  return base === undefined ? undefined : manifestOf(base, form);
}

export function formOf({ id }: Pick<VariantManifest, "id">): Form {
  return [perToken, int8Decoder].find(({ suffix }) => id.endsWith(suffix)) ?? perTensor;
}

function manifestOf(base: VariantManifest, { suffix, scheme, decoder, title }: Form): VariantManifest {
  const notes = [...base.notes, samPresets.includes(base) ? samNotes[scheme] : otherNote];
  return {
    ...fieldsOf(base),
    id: `${prefix}${base.id}${suffix}`,
    title: `${title}, ${base.title.replace(/^SAM /, "")}`,
    paper,
    calibration: { images: imagesFor(base), automatic: true },
    notes: decoder === "int8" ? [...notes, decoderNote] : notes,
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
