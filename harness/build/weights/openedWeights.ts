import { basename } from "node:path";
import type { Checkpoint, PublishedFile, WeightSource } from "../../api.ts";
import { homeFolder } from "../../home.ts";
import type { ChosenVariant } from "../../plan/models/weights.ts";
import {
  inertClassesOf,
  type RegisteredVariant,
  type Registry,
  weightsVariantOf,
} from "../../plan/plugins/registry.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";
import { requireAsPulled } from "../../store/pulled/pulledFiles.ts";
import {
  checkpointOf,
  completedCheckpoint,
  openTensorArchive,
  scaleText,
  seededCheckpoint,
  seededName,
  type TensorArchive,
} from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";
import { explainMisfit, fittingVariants } from "./fit.ts";
import { type Identified, identifiedAs, isPublished } from "./identity.ts";

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
    /** Present where the checkpoint's names and shapes fit other variants as well. */
    readonly identified?: Identified | undefined;
    /** Present where a licence restricts the use of the weights that the variant's authors publish. */
    readonly licence?: { readonly name: string; readonly summary: string; readonly url: string } | undefined;
  };
}

/** Opens the weights and checks that they fit. Throws HarnessError naming the variant that they do fit. */
export async function openWeights({ variant, weights }: ChosenVariant, registry: Registry): Promise<OpenedWeights> {
  const base = weightsVariantOf(registry, variant);
  const { seededScale } = base.preset;
  const seeded = seededName(seededScale);
  if (weights.file === undefined) {
    const scaling = seededScale === undefined ? "" : `, ${scaleText(seededScale)}`;
    const record = { source: "seeded", label: `seeded weights, version 1${scaling}` } as const;
    return { checkpoint: seededCheckpoint(seededScale), weightsId: seeded, record };
  }
  await requireAsPulled({ home: homeFolder(), file: weights.file, flag: "--checkpoint" });
  const archive = await openTensorArchive(weights.file, { inert: inertClassesOf(registry) });
  const checkpoint = checkpointOf(archive, weights.source);
  try {
    await requireFit(base, { checkpoint, registry, archive });
    const sha256 = await sha256OfFile(weights.file);
    const file = basename(weights.file);
    if (variant.preset.remainder !== undefined) {
      const record = { source: "seeded", label: `${file}; what it lacks is seeded, version 1`, file, sha256 } as const;
      return { checkpoint: completedCheckpoint(checkpoint, seededScale), weightsId: `${sha256}, ${seeded}`, record };
    }
    const label = file + remarkOn(weights.source, base.preset.published?.sha256, sha256);
    const record = { source: weights.source, label, file, sha256 };
    if (weights.source !== "checkpoint") return { checkpoint, weightsId: sha256, record };
    const { id, published } = base.preset;
    const fitting = await fittingVariants(registry, archive);
    const identified = await identifiedAs({ id, file: weights.file, sha256 }, fitting, registry);
    return {
      checkpoint,
      weightsId: sha256,
      record: {
        ...record,
        label: identified === undefined ? label : `${label}, ${identified} (${fitting.join(" or ")} by its shapes)`,
        published: await isPublished(published, sha256),
        identified,
        licence: restrictionOf(published),
      },
    };
  } catch (error) {
    archive.close();
    throw error;
  }
}

interface Opened {
  readonly checkpoint: Checkpoint;
  readonly registry: Registry;
  readonly archive: TensorArchive;
}

async function requireFit(variant: RegisteredVariant, { checkpoint, registry, archive }: Opened): Promise<void> {
  try {
    await describeGraphs({ variant, checkpoint, graph: "fused" });
  } catch (error) {
    throw await explainMisfit(error, registry, archive);
  }
}

/**
 * Returns a remark behind the file's name. A fine-tuned file, or one of a damaged mirror, has the published file's name, and a
 * table must not take it for that.
 */
function remarkOn(source: WeightSource, published: string | undefined, found: string): string {
  if (source === "nano") return ", trained for this project";
  return published === undefined || published === found ? "" : ", not the published file";
}

/** Returns the licence that restricts the use of a published file; nothing where none does. */
function restrictionOf(published: PublishedFile | undefined): OpenedWeights["record"]["licence"] {
  if (published?.terms === undefined) return undefined;
  const { licence = "licence", terms } = published;
  return { name: licence, summary: terms.summary, url: terms.url };
}
