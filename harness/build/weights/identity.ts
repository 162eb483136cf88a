import type { PublishedFile } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { homeFolder } from "../../home.ts";
import type { Registry } from "../../plan/plugins/registry.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";
import { readPullRecord } from "../../store/pulled/pullRecord.ts";

/** Says how a file is known to be one variant's, where other variants have tensors of the same names and shapes. */
export type Identified = "by hash" | "as told";

/** Holds the variants that a file fits by names and shapes, and the one that it is. */
export interface Candidates {
  readonly fitting: readonly string[];
  /** The only variant that fits, or the one of those that published the file; absent where nothing tells them apart. */
  readonly variant: string | undefined;
  /** True if the file's hash told variants of equal names and shapes apart. */
  readonly byHash: boolean;
}

/** Tells a file's variant among those that it fits. A file that fits one alone is not hashed. */
export async function identify(file: string, fitting: readonly string[], registry: Registry): Promise<Candidates> {
  const [first, ...others] = fitting;
  if (others.length === 0) return { fitting, variant: first, byHash: false };
  const publishers = await publishersOf(await sha256OfFile(file), fitting, registry);
  return publishers.length === 1
    ? { fitting, variant: publishers[0], byHash: true }
    : { fitting, variant: undefined, byHash: false };
}

/**
 * Returns how a file is known to be the variant's that it is opened for; nothing where it fits no other.
 * Throws HarnessError where the file is the one that another of the fitting variants published.
 */
export async function identifiedAs(
  { id, file, sha256 }: { readonly id: string; readonly file: string; readonly sha256: string },
  fitting: readonly string[],
  registry: Registry,
): Promise<Identified | undefined> {
  if (!fitting.some((other) => other !== id)) return undefined;
  const publishers = await publishersOf(sha256, fitting, registry);
  if (publishers.includes(id)) return "by hash";
  if (publishers.length === 0) return "as told";
  throw new HarnessError(`${file}: is the file that ${publishers.join(" and ")} published, and not one of ${id}`, {
    found: `sha256 ${sha256}`,
    hint: `${id} has tensors of the same names and shapes; say --checkpoint ${publishers[0]}=${file}`,
  });
}

async function publishersOf(sha256: string, ids: readonly string[], registry: Registry): Promise<readonly string[]> {
  const are = await Promise.all(ids.map((id) => isPublished(registry.variants.get(id)?.preset.published, sha256)));
  return ids.filter((_, i) => are[i]);
}

/**
 * Returns whether the file is the published one: by the published hash, or, where there is none, by the hash of its first
 * download.
 */
export async function isPublished(published: PublishedFile | undefined, found: string): Promise<boolean> {
  if (published === undefined) return false;
  if (published.sha256 !== undefined) return published.sha256 === found;
  const record = await readPullRecord(homeFolder(), published.id);
  return record?.trust === "first download" && record.sha256 === found;
}
