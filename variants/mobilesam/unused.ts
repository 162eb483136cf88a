import type { Checkpoint } from "../../harness/api.ts";

/** Names the tensors of TinyViT in the published layout that inference does not use. */
export function discardUnused(checkpoint: Checkpoint): void {
  checkpoint.discard(/^image_encoder\.(norm_)?head\./, "TinyViT's classifier; inference does not use it");
  checkpoint.discard(/\.num_batches_tracked$/, "batch norm's counter; only training uses it");
  checkpoint.discard(/\.attention_bias_idxs$/, "indices that follow from the window's side");
}
