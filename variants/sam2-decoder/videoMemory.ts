import type { Checkpoint } from "../../harness/api.ts";

/** Parts of a checkpoint that only frames of a video need. Source: SAM2Base of sam2/modeling/sam2_base.py. */
export const videoMemory =
  /^(memory_attention|memory_encoder|mask_downsample|obj_ptr_proj)\.|^(maskmem_tpos_enc|no_mem_pos_enc|no_obj_ptr)$/;

/** Leaves video memory unread; `parts` are names of it that a model has besides SAM 2's. */
export function discardVideoMemory(checkpoint: Checkpoint, ...parts: readonly RegExp[]): void {
  for (const names of [videoMemory, ...parts])
    checkpoint.discard(names, "video memory; one image has no frames before it");
}
