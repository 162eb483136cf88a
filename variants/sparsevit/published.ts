import type { BuildContext, OnnxGraph, StageMacs, VariantManifest } from "../../harness/api.ts";
import { boxMacs } from "../../harness/onnx/boxMacs.ts";
import { graphsOfBase, publishedMacsOfBase } from "../base-model/graphs.ts";
import { type SamConfig, samConfigs } from "../sam/config.ts";
import { methodMacs } from "../sam/published.ts";
import { type WindowedModel, windowedModelOf } from "./families.ts";
import { settingOf } from "./presets.ts";
import { type Sparsity, sparsityOf } from "./sparsity.ts";

/** Returns the model that a preset prunes, and how much of it. */
export function pruningOf({ id, base }: VariantManifest): {
  readonly model: WindowedModel;
  readonly sparsity: Sparsity;
} {
  const model = windowedModelOf(base!);
  return { model, sparsity: sparsityOf(model.stages, model.size, settingOf(id)) };
}

/**
 * Counts multiply-accumulates of a pruned model: SAM's in the operators of the published encoder, and another model's as its
 * published graph less what the fused encoder saves. Tokens that fill up windows which were left out are counted in the second.
 */
export async function prunedMacs(context: Pick<BuildContext, "preset" | "checkpoint" | "base">): Promise<StageMacs> {
  const { model, sparsity } = pruningOf(context.preset);
  const encoder = model.encoder(sparsity, context.checkpoint);
  const config: SamConfig | undefined = samConfigs[context.preset.base as keyof typeof samConfigs];
  if (config !== undefined) return samMacs(encoder, config, sparsity, context);
  const { encode, decode } = await publishedMacsOfBase(context);
  const whole = (await graphsOfBase(context)).get("encoder")!;
  return { encode: encode - boxMacs(whole) + boxMacs(encoder), decode };
}

function samMacs(
  encoder: OnnxGraph,
  config: SamConfig,
  sparsity: Sparsity,
  { checkpoint }: Pick<BuildContext, "checkpoint">,
): StageMacs {
  const windowed = sparsity.ratios.filter((_, block) => !config.globalBlocks.includes(block));
  const whole = windowed.filter((ratio) => ratio === 0).length;
  return methodMacs({ encoder, config, checkpoint, whole, kept: windowed.length - whole });
}
