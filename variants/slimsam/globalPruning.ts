import type { Checkpoint } from "../../harness/api.ts";
import { OtherForm } from "../../harness/errors.ts";
import { samConfigs } from "../sam/config.ts";

const ofModel = [
  "sam.Sam",
  ...["ImageEncoderViT", "PatchEmbed", "Block", "Attention"].map((name) => `image_encoder.${name}`),
  ...["MLPBlock", "LayerNorm2d"].map((name) => `common.${name}`),
  ...["PromptEncoder", "PositionEmbeddingRandom"].map((name) => `prompt_encoder.${name}`),
  ...["MaskDecoder", "MLP"].map((name) => `mask_decoder.${name}`),
  ...["TwoWayTransformer", "TwoWayAttentionBlock", "Attention"].map((name) => `transformer.${name}`),
];

const ofPyTorch = [
  "parallel.data_parallel.DataParallel",
  ...["container.Sequential", "container.ModuleList", "conv.Conv2d", "conv.ConvTranspose2d", "linear.Linear"].map(
    (name) => `modules.${name}`,
  ),
  ...["normalization.LayerNorm", "sparse.Embedding", "activation.GELU", "activation.ReLU"].map(
    (name) => `modules.${name}`,
  ),
];

/**
 * Classes that the globally pruned checkpoints name, because torch.save wrote the whole model. Each becomes a record that does
 * nothing, so that the file can be told by the names of its weights. Source: segment_anything_kd/modeling/, and
 * prune_distill_step2.py, which gives the encoder another forward: pickle writes that as getattr(encoder, "forward").
 */
export const inertClasses: readonly string[] = [
  ...ofModel.map((name) => `segment_anything_kd.modeling.${name}`),
  ...ofPyTorch.map((name) => `torch.nn.${name}`),
  "builtins.getattr",
];

/** Queries of the first block: a layer of their own in the code that prunes. DataParallel wraps the encoder in the published files. */
const queries = ["image_encoder.module.blocks.0.attn.q.weight", "image_encoder.blocks.0.attn.q.weight"];

/**
 * Refuses the globally pruned models. The unpruned SAM that pruning starts from has the same names; it is as wide as SAM, and
 * no SlimSAM.
 */
export function refuseGlobalPruning(checkpoint: Checkpoint): void {
  const { width } = samConfigs["sam-vit-b"];
  const found = queries.find((name) => Math.min(...(checkpoint.dims(name) ?? [width])) < width);
  if (found === undefined) return;
  const problem = "is a globally pruned SlimSAM, a pickled module in which each layer has a width of its own";
  throw new OtherForm(`${checkpoint.label}: ${problem}`, {
    found,
    hint: "SlimSAM-77.pth and SlimSAM-50.pth are of this kind; take SlimSAM-77-uniform.pth or SlimSAM-50-uniform.pth",
  });
}
