import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { type EfficientTamConfig, efficientTamConfigs } from "../efficienttam/config.ts";
import { earlyTokens, type HqSamConfig, hqSamConfigs, tinyVitLayer } from "../hq-sam/config.ts";
import { type MobileSamConfig, mobileSamConfigs } from "../mobilesam/config.ts";
import { samConfigs } from "../sam/config.ts";
import { configOf as sam2ConfigOf, sam2Configs } from "../sam2/config.ts";
import { configOf as slimSamConfigOf, slimSamConfigs } from "../slimsam/config.ts";
import { tinySamConfigs } from "../tinysam/config.ts";
import { sparseEfficientTamEncoder } from "./encoders/efficientTam.ts";
import { hieraStages, sparseHieraEncoder } from "./encoders/hiera.ts";
import { sparseImageEncoder } from "./encoders/imageEncoder.ts";
import { sparseTinyVitEncoder, tinyVitStages } from "./encoders/tinyVit.ts";
import { type Sparsity, samStages, type WindowStage } from "./sparsity.ts";

/** An image encoder that attends within windows. */
export interface WindowedModel {
  /** A toy model has few blocks: each of them has a ratio of its own. */
  readonly size: "full" | "nano";
  readonly stages: readonly WindowStage[];
  /** Name of the encoder's architecture, as notes have it. */
  readonly architecture: string;
  /** `some or all`: its global blocks can work on a share of the tokens. */
  readonly globalTokens: "some or all" | "all";
  encoder(sparsity: Sparsity, checkpoint: Checkpoint): OnnxGraph;
}

/** Encoders without windows that could be left out, by the beginning of their models' ids, and why. */
const refusals: readonly (readonly [start: string, reason: string])[] = [
  ["edgesam", "RepViT has no windows to leave out, its blocks are convolutions"],
  ["edgetam", "RepViT has no windows to leave out, its blocks are convolutions"],
  ["repvit-sam", "RepViT has no windows to leave out, its blocks are convolutions"],
  ["efficientvit-sam", "EfficientViT has no windows to leave out, its linear attention is over the whole image"],
  ["efficientsam", "its ViT has no windows to leave out, every block attends over the whole image"],
  ["fastsam", "YOLOv8 has no windows to leave out, its blocks are convolutions"],
  ["sam-lightening", "the tokens of its windows are dilated, for which no pruning is written"],
  ["blvit", "big.LITTLE ViT leaves tokens out of its windows itself"],
];

type Encoder = Omit<WindowedModel, "size">;

/** Returns the windows of a model's encoder. Throws HarnessError with the reason where it has none that can be left out. */
export function windowedModelOf(id: string): WindowedModel {
  // `hq-sam-b/hq-token` has the encoder of `hq-sam-b`.
  const name = id.split("/")[0]!;
  const model = modelNamed(name);
  if (model !== undefined) return { ...model, size: name.endsWith("-nano") ? "nano" : "full" };
  const reason = refusals.find(([start]) => id.startsWith(start))?.[1] ?? "none of its blocks is known to have windows";
  throw new HarnessError(`sparsevit/${id}: ${reason}`, { hint: "sparsevit runs on SAM, SAM 2, and those like them" });
}

function modelNamed(id: string): Encoder | undefined {
  if (isKey(samConfigs, id)) return samModel(id);
  if (isKey(slimSamConfigs, id)) return slimSamModel(id);
  if (isKey(hqSamConfigs, id)) return hqSamModel(hqSamConfigs[id]);
  if (isKey(mobileSamConfigs, id)) return tinyVitModel(mobileSamConfigs[id]);
  if (isKey(tinySamConfigs, id)) return tinyVitModel(tinySamConfigs[id]);
  if (isKey(efficientTamConfigs, id)) return efficientTamModel(efficientTamConfigs[id]);
  const size = /^sam2(?:\.1)?-(.+)$/.exec(id)?.[1];
  return size !== undefined && isKey(sam2Configs, size) ? hieraModel(id) : undefined;
}

function isKey<T extends object>(configs: T, id: string): id is keyof T & string {
  return Object.hasOwn(configs, id);
}

function samModel(id: keyof typeof samConfigs): Encoder {
  const config = samConfigs[id];
  return {
    stages: samStages(config),
    architecture: "SAM's ViT",
    globalTokens: "some or all",
    encoder: (sparsity, checkpoint) => sparseImageEncoder(config, sparsity, checkpoint),
  };
}

/** Widths are the checkpoint's; windows are those of the SAM that was pruned. */
function slimSamModel(id: keyof typeof slimSamConfigs): Encoder {
  return {
    stages: samStages(slimSamConfigs[id]),
    architecture: "SAM's ViT, pruned",
    globalTokens: "some or all",
    encoder: (sparsity, checkpoint) => sparseImageEncoder(slimSamConfigOf(id, checkpoint), sparsity, checkpoint),
  };
}

function hqSamModel({ encoder }: HqSamConfig): Encoder {
  if (encoder.kind === "TinyViT") {
    const early = { ofLayer: tinyVitLayer, output: earlyTokens };
    return {
      ...tinyVitModel(encoder.sizes),
      encoder: (sparsity, checkpoint) => sparseTinyVitEncoder(encoder.sizes, sparsity, checkpoint, early),
    };
  }
  const { sizes } = encoder;
  const early = { afterBlock: sizes.globalBlocks[0]!, output: earlyTokens };
  return {
    stages: samStages(sizes),
    architecture: "SAM's ViT",
    globalTokens: "some or all",
    encoder: (sparsity, checkpoint) => sparseImageEncoder(sizes, sparsity, checkpoint, early),
  };
}

function tinyVitModel(config: MobileSamConfig): Encoder {
  return {
    stages: tinyVitStages(config),
    architecture: "TinyViT",
    globalTokens: "all",
    encoder: (sparsity, checkpoint) => sparseTinyVitEncoder(config, sparsity, checkpoint),
  };
}

function hieraModel(id: string): Encoder {
  const config = sam2ConfigOf(id);
  return {
    stages: hieraStages(config),
    architecture: "Hiera",
    globalTokens: "all",
    encoder: (sparsity, checkpoint) => sparseHieraEncoder(config, sparsity, checkpoint),
  };
}

function efficientTamModel(config: EfficientTamConfig): Encoder {
  return {
    stages: samStages(config),
    architecture: "EfficientTAM's ViT",
    globalTokens: "all",
    encoder: (sparsity, checkpoint) => sparseEfficientTamEncoder(config, sparsity, checkpoint),
  };
}
