import { basename } from "node:path";
import type { Checkpoint, PublishedFile, WeightSource } from "../../api.ts";
import { homeFolder } from "../../home.ts";
import { inertClassesOf, type Registry, weightsVariantOf } from "../../plan/plugins/registry.ts";
import type { ChosenVariant } from "../../plan/weights.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";
import { requireAsPulled } from "../../store/pulledFiles.ts";
import { readPullRecord } from "../../store/pullRecord.ts";
import { checkpointOf, completedCheckpoint, openTensorArchive, seededCheckpoint } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";
import { explainMisfit } from "./fit.ts";

export interface OpenedWeights {
  readonly checkpoint: Checkpoint;
  /** Identity of the weights, from which a graph's bytes follow. */
  readonly weightsId: string;
  /** The record of the weights in the manifest, without the user's folders. */
  readonly record: {
    readonly source: WeightSource;
    readonly label: string;
    readonly file?: string;
    readonly sha256?: string;
    /** True if a checkpoint is its authors' file; absent for other weights. */
    readonly published?: boolean;
  };
}

/** Opens the weights and checks that they fit. Throws HarnessError naming the variant that they do fit. */
export async function openWeights({ variant, weights }: ChosenVariant, registry: Registry): Promise<OpenedWeights> {
  if (weights.file === undefined) {
    const record = { source: "seeded", label: "seeded weights, version 1" } as const;
    return { checkpoint: seededCheckpoint(), weightsId: "seeded 1", record };
  }
  const base = weightsVariantOf(registry, variant);
  await requireAsPulled({ home: homeFolder(), file: weights.file, flag: "--checkpoint" });
  const archive = await openTensorArchive(weights.file, { inert: inertClassesOf(registry) });
  const checkpoint = checkpointOf(archive, weights.source);
  try {
    await describeGraphs({ variant: base, checkpoint, graph: "fused" });
    const sha256 = await sha256OfFile(weights.file);
    const file = basename(weights.file);
    if (variant.preset.remainder !== undefined) {
      const record = { source: "seeded", label: `${file}; what it lacks is seeded, version 1`, file, sha256 } as const;
      return { checkpoint: completedCheckpoint(checkpoint), weightsId: `${sha256}, seeded 1`, record };
    }
    const label = file + remarkOn(weights.source, base.preset.published?.sha256, sha256);
    const record = { source: weights.source, label, file, sha256 };
    if (weights.source !== "checkpoint") return { checkpoint, weightsId: sha256, record };
    const published = await isPublished(base.preset.published, sha256);
    return { checkpoint, weightsId: sha256, record: { ...record, published } };
  } catch (error) {
    const explained = await explainMisfit(error, registry, archive);
    archive.close();
    throw explained;
  }
}

/**
 * Returns whether the file is the published one: by the published hash, or, where there is none, by the hash of its first
 * download.
 */
async function isPublished(published: PublishedFile | undefined, found: string): Promise<boolean> {
  if (published === undefined) return false;
  if (published.sha256 !== undefined) return published.sha256 === found;
  const record = await readPullRecord(homeFolder(), published.id);
  return record?.trust === "first download" && record.sha256 === found;
}

/**
 * Returns a remark behind the file's name. A fine-tuned file, or one of a damaged mirror, has the published file's name, and a
 * table must not take it for that.
 */
function remarkOn(source: WeightSource, published: string | undefined, found: string): string {
  if (source === "nano") return ", trained for this project";
  return published === undefined || published === found ? "" : ", not the published file";
}
