import { join } from "node:path";
import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { imagesOfShard } from "../plan/shard.ts";
import { canonicalJson, planId } from "../store/canonical.ts";
import { damageOf, rowsFile } from "../store/damage.ts";
import { listRuns, readManifest } from "../store/manifest.ts";
import { type ImagePlace, indexRows } from "../store/rows.ts";
import { isEarlier, type Manifest } from "../store/schema.ts";

/** Run of one shard, with its folder. */
export interface ShardRun {
  readonly folder: string;
  readonly manifest: Manifest & { readonly shard: NonNullable<Manifest["shard"]> };
}

/** All shards of one run in the order of their indices: none is missing, and all are finished. */
export interface WholeRun {
  /** Id that the run of the same plan without shards has. */
  readonly id: string;
  readonly resolved: Manifest["plan"]["resolved"];
  /** Images in the order of the dataset, which is that of the rows of the run without shards. */
  readonly images: readonly ImageId[];
  readonly shards: readonly ShardRun[];
}

/** Finds the shards in these folders: each is a run's own folder, or a folder of runs. Throws HarnessError for one without any. */
export async function findShards(folders: readonly string[]): Promise<readonly ShardRun[]> {
  const found = new Map<string, ShardRun>();
  for (const folder of folders) {
    const shards = (await runsBelow(folder)).filter((run): run is ShardRun => run.manifest.shard !== undefined);
    if (shards.length === 0)
      throw new HarnessError(`${folder}: no shard of a run here`, {
        hint: "bench run --shard 1/3 --results DIR makes one",
      });
    for (const shard of shards) {
      if (isEarlier(shard.manifest))
        throw new HarnessError(`${shard.folder}: recorded by an earlier version, and is not merged`, {
          hint: "run the shards again in another folder",
        });
      found.set(shard.folder, shard);
    }
  }
  return [...found.values()];
}

async function runsBelow(folder: string): Promise<readonly { folder: string; manifest: Manifest }[]> {
  const own = await readManifest(folder);
  if (own !== undefined) return [{ folder, manifest: own }];
  return (await listRuns(folder)).map((listing) => {
    if (listing.state === "readable") return { folder: join(folder, listing.id), manifest: listing.manifest };
    // A run that is passed over would be called a missing shard.
    throw new HarnessError(listing.problem);
  });
}

/**
 * Brings shards of one plan together. Throws HarnessError naming the shards that are missing, not finished, given twice, or
 * counted otherwise; nothing is left out silently.
 */
export function wholeRuns(shards: readonly ShardRun[]): readonly WholeRun[] {
  const groups = new Map<string, ShardRun[]>();
  for (const shard of shards) {
    const { variant, plan } = shard.manifest;
    const id = planId(variant.id, wholePlan(plan.resolved));
    groups.set(id, [...(groups.get(id) ?? []), shard]);
  }
  for (const group of groups.values()) requireAll(group, [...groups.values()]);
  return [...groups].map(([id, group]) => {
    const resolved = wholePlan(group[0]!.manifest.plan.resolved);
    const { images } = resolved.dataset as { readonly images: readonly ImageId[] };
    return { id, resolved, images, shards: group.toSorted((a, b) => a.manifest.shard.index - b.manifest.shard.index) };
  });
}

function wholePlan({ shard: _, ...resolved }: Manifest["plan"]["resolved"]): Manifest["plan"]["resolved"] {
  return resolved;
}

function requireAll(group: readonly ShardRun[], groups: readonly (readonly ShardRun[])[]): void {
  const [first] = group;
  const { variant, shard } = first!.manifest;
  const byIndex = new Map<number, ShardRun>();
  for (const each of group) {
    const { index, count } = each.manifest.shard;
    if (count !== shard.count)
      throw new HarnessError(`${each.folder}: shard ${index}/${count} among shards of ${shard.count}`, {
        hint: `the other is ${first!.folder}; give the folders of one division alone`,
      });
    const other = byIndex.get(index);
    if (other !== undefined)
      throw new HarnessError(`${variant.id}: shard ${index}/${count} stands twice`, {
        found: `${other.folder} and ${each.folder}`,
        hint: "give one of them",
      });
    byIndex.set(index, each);
  }
  const missing = Array.from({ length: shard.count }, (_, i) => i + 1).filter((index) => !byIndex.has(index));
  if (missing.length > 0)
    throw new HarnessError(`${variant.id}: shards are missing`, {
      found: `${group.length} of ${shard.count}`,
      expected: `also ${missing.map((index) => `${index}/${shard.count}`).join(", ")}`,
      hint: differenceHint(first!, groups) ?? "bench run with the same flags and the missing --shard makes each",
    });
  const weights = weightsHashes(first!.manifest).join();
  for (const { folder, manifest } of group)
    if (weightsHashes(manifest).join() !== weights)
      throw new HarnessError(`${folder}: shard ${manifest.shard.index}/${shard.count} has other weights`, {
        found: weightsText(manifest),
        expected: `${weightsText(first!.manifest)}, as ${first!.folder}`,
        hint: "run it again with the checkpoint of the others",
      });
  for (const { folder, manifest } of group)
    if (manifest.status.state !== "done")
      throw new HarnessError(`${folder}: shard ${manifest.shard.index}/${shard.count} is not finished`, {
        found: "message" in manifest.status ? manifest.status.message : manifest.status.state,
        hint: "the same bench run goes on from there",
      });
}

/** Returns the hashes of a run's weights: two files of one name may differ, and one file may have two names. */
function weightsHashes({ weights: { sha256, files = [] } }: Manifest): readonly string[] {
  return [sha256, ...files.map((each) => each.sha256)].flatMap((hash) => hash ?? []);
}

function weightsText(manifest: Manifest): string {
  return [manifest.weights.label, ...weightsHashes(manifest).map((hash) => hash.slice(0, 12))].join(" ");
}

/** Says what differs between the plans of shards that were meant to belong together. */
function differenceHint(one: ShardRun, groups: readonly (readonly ShardRun[])[]): string | undefined {
  const { variant, plan } = one.manifest;
  const other = groups
    .flatMap(([each]) => (each === undefined ? [] : [each]))
    .find((each) => each.folder !== one.folder && each.manifest.variant.id === variant.id);
  if (other === undefined) return undefined;
  const a = wholePlan(plan.resolved);
  const b = wholePlan(other.manifest.plan.resolved);
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differing = keys.filter((key) => canonicalJson(a[key] ?? null) !== canonicalJson(b[key] ?? null));
  return `${other.folder} has another plan: ${differing.join(", ")} differ`;
}

/** Returns the places of a shard's images. Throws HarnessError where it holds other images than it should. */
export async function placesOf(
  { folder, manifest }: ShardRun,
  images: readonly ImageId[],
): Promise<ReadonlyMap<ImageId, ImagePlace>> {
  const problem = await damageOf(folder, manifest);
  if (problem !== undefined)
    throw new HarnessError(problem, { hint: "the same bench run with the same --shard does what is missing again" });
  const { places } = await indexRows(rowsFile(folder));
  // A run on seeded weights has no rows.
  const expected = new Set(manifest.weights.source === "seeded" ? [] : imagesOfShard(images, manifest.shard));
  const foreign = [...places.keys()].find((image) => !expected.has(image));
  const lost = [...expected].find((image) => !places.has(image));
  if (foreign === undefined && lost === undefined) return places;
  throw new HarnessError(`${folder}: not the images of shard ${manifest.shard.index}/${manifest.shard.count}`, {
    found: foreign === undefined ? `no image ${lost}` : `image ${foreign}, which is another shard's`,
    hint: "its rows were changed since it was finished; make it again in another folder",
  });
}
