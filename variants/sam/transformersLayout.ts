import type { Checkpoint } from "../../harness/api.ts";
import { OtherForm } from "../../harness/errors.ts";
import type { SamConfig } from "./config.ts";

/** This tensor tells the layout: its name is the library's own, and its first side is the width of the tokens. */
const patches = "vision_encoder.patch_embed.projection.weight";

/**
 * Refuses the layout of the transformers library, where its tokens are as wide as those of a preset. Names are others there,
 * and `file` is the one that has the authors' names. Source: convert_sam_to_hf.py of huggingface/transformers.
 */
export function refuseTransformersLayout(checkpoint: Checkpoint, { width }: SamConfig, file: string): void {
  if (checkpoint.dims(patches)?.[0] !== width) return;
  throw new OtherForm(
    `${checkpoint.label}: is the transformers library's copy (SamModel), whose weights have other names`,
    {
      found: patches,
      hint: `take ${file}, the authors' own file`,
    },
  );
}
