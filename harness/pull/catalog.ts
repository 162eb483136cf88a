import type { DownloadGroup, PublishedFile } from "../api.ts";
import { HarnessError, unknown } from "../errors.ts";
import { type Registry, variantOf, weightsVariantOf } from "../plan/plugins/registry.ts";
import type { PullItem } from "./place.ts";

/** A file that can be pulled, and what it is for. */
export interface CatalogEntry {
  readonly item: PullItem;
  /** The variants' ids, or a dataset group's title. */
  readonly use: string;
}

/** A small model is a published one that `bench pull --small` brings. */
export interface SmallModel {
  readonly variant: string;
  readonly title: string;
  readonly file: PublishedFile;
}

/** Returns every published file that plug-ins name, each once. */
export function catalogOf(registry: Registry): readonly CatalogEntry[] {
  const uses = new Map<string, { file: PublishedFile; variants: string[] }>();
  for (const { preset } of registry.variants.values()) {
    if (preset.published === undefined) continue;
    const use = uses.get(preset.published.id) ?? { file: preset.published, variants: [] };
    use.variants.push(preset.id);
    uses.set(preset.published.id, use);
  }
  const checkpoints = [...uses.values()].map(({ file, variants }) => ({ item: { file }, use: variants.join(", ") }));
  const others = registry.methods
    .flatMap(({ plugin }) => plugin.downloads ?? [])
    .map((file) => ({ item: { file }, use: "graphs as published" }));
  const datasets = groupsOf(registry).flatMap(({ id, title, files }) =>
    files.map((file) => ({ item: { file, group: id }, use: `${id}: ${title}` })),
  );
  return [...checkpoints, ...others, ...datasets];
}

/** Returns the small published models by their titles, for a newcomer to pull first. */
export function smallModels(registry: Registry): readonly SmallModel[] {
  return [...registry.variants.values()].flatMap(({ preset: { id, title, published } }) =>
    published?.small === true ? [{ variant: id, title, file: published }] : [],
  );
}

/** Returns the files that ids stand for, and where asked those of the small models, each file once. Throws as `itemsOf` does. */
export function namedItems(
  registry: Registry,
  ids: readonly string[],
  which: "small models too" | "named alone",
): readonly PullItem[] {
  const small = which === "named alone" ? [] : smallModels(registry).map(({ file }) => file.id);
  const items = [...ids, ...small].flatMap((id) => itemsOf(registry, id));
  // A variant and its file may both be named.
  return [...new Map(items.map((item) => [item.file.id, item])).values()];
}

/**
 * Returns the files that an id stands for: a published file's own, a dataset group's, or a variant's, which may run on another's
 * checkpoint. Throws HarnessError for an unknown id, and for a variant that has no published weights.
 */
export function itemsOf(registry: Registry, id: string): readonly PullItem[] {
  const catalog = catalogOf(registry).map(({ item }) => item);
  const named = catalog.filter(({ file, group }) => file.id === id || group === id);
  if (named.length > 0) return named;
  const { published } = publishingVariant(registry, id, catalog);
  if (published !== undefined) return [{ file: published }];
  throw new HarnessError(`${id}: no published checkpoint is known`, {
    hint: `bench run --variants ${id} --checkpoint ${id}=FILE takes one that you have`,
  });
}

function publishingVariant(registry: Registry, id: string, catalog: readonly PullItem[]) {
  const known = [
    ...registry.variants.keys(),
    ...new Set(catalog.flatMap(({ file, group }) => [file.id, ...(group === undefined ? [] : [group])])),
  ];
  // An id with a setting is no listed variant, and still stands for its base's checkpoint.
  if (!known.includes(id) && !id.includes("/")) throw unknown("download", id, known);
  return weightsVariantOf(registry, variantOf(registry, id)).preset;
}

function groupsOf(registry: Registry): readonly DownloadGroup[] {
  return [...registry.datasets.values()].flatMap(({ downloads = [] }) => downloads);
}
