import type { ModelInputSpec, VariantManifest } from "../../harness/api.ts";
import { samInput } from "../sam/presets.ts";
import type { SingleMask } from "./load.ts";

/** SAM 2's input: the image is stretched to a square in float, with antialiasing. Source: sam2/utils/transforms.py. */
export const sam2Input = {
  ...samInput,
  fit: "stretch",
  resize: "bilinear-antialias",
} as const satisfies Omit<ModelInputSpec, "side">;

/** Logits go straight to the image, since nothing was padded. */
export const sam2Mask = { path: "direct", interpolation: "bilinear", threshold: ">0" } as const;

/** Last part of the ids whose single mask is token 0, whatever its stability. */
const token0 = "token0";

/** It is a note of each preset whose single mask is the predictor's. */
export const chosenByStability =
  "the single mask is the one that SAM 2's predictor gives: token 0 where its mask is stable (|{logit > 0.05}| / |{logit > -0.05}| of 0.98 or more over the low-res logits), else the most confident of the other three";

/** Returns each preset twice: with the single mask of SAM 2's predictor, and with token 0 in its place. */
export function bothSingleMasks(presets: readonly VariantManifest[]): readonly VariantManifest[] {
  return presets.flatMap((base) => [base, withToken0(base)]);
}

export function singleMaskOf({ id }: VariantManifest): SingleMask {
  return id.endsWith(`/${token0}`) ? "token 0" : "by stability";
}

function withToken0({ published: _, ...base }: VariantManifest): VariantManifest {
  return {
    ...base,
    id: `${base.id}/${token0}`,
    title: `${base.title}, token 0`,
    base: base.id,
    notes: [
      ...base.notes.filter((note) => note !== chosenByStability),
      "the single mask is token 0 whatever its stability, as SAM 2's decoder gives it without build_sam2's defaults",
    ],
  };
}
