import { stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { folderNames, recognisedDataset } from "./models/recognition.ts";
import type { Registry } from "./plugins/registry.ts";
import { projectRoot } from "./plugins/sources.ts";

/** A folder with photos or annotations, as the data set whose layout it has. */
export interface FoundData {
  /** As a command line takes it: relative to the folder of the user. */
  readonly data: string;
  readonly dataset: string;
  /** Pictures that were seen in it and right below it, masks among them; a deeper folder may hold more. */
  readonly photos: number;
}

export interface FoundCheckpoint {
  readonly file: string;
  readonly bytes: number;
}

/** What a user has that a command could use. */
export interface Surroundings {
  /** Checkpoints that lie in the user's folder, or right below it. */
  readonly checkpoints: readonly FoundCheckpoint[];
  /** Variants whose published checkpoints lie in the home folder. */
  readonly pulled: readonly string[];
  readonly data: readonly FoundData[];
}

/** Folders of the project that are no data of the user's. */
const ownFolders = new Set(
  ["datasets", "variants", "harness", "results", "notebooks"].map((name) => join(projectRoot, name)),
);

const checkpointName = /\.(pth|pt|safetensors)$/i;
const photoName = /\.(jpe?g|png|webp)$/i;

/**
 * Looks for checkpoints and data in a folder and right below it, and in the home folder. Names alone are read, and only so many,
 * so that it takes no longer in a large folder.
 */
export async function surroundings(
  registry: Registry,
  { folder, home }: { readonly folder: string; readonly home: string },
): Promise<Surroundings> {
  const own = await folderNames(folder);
  const below = [...own.folders].filter(([name]) => !ownFolders.has(join(folder, name)));
  const checkpoints = [
    ...own.files.map((name) => name),
    ...below.flatMap(([name, files]) => files.map((file) => join(name, file))),
  ].filter((name) => checkpointName.test(name));
  return {
    checkpoints: await Promise.all(checkpoints.map((name) => checkpointAt(folder, name))),
    pulled: await pulledVariants(registry, home),
    data: [
      ...(await dataBelow(registry, folder, folder)),
      ...(await dataBelow(registry, join(home, "datasets"), folder)),
    ],
  };
}

async function checkpointAt(folder: string, name: string): Promise<FoundCheckpoint> {
  const found = await stat(join(folder, name)).catch(() => undefined);
  return { file: shortPath(name), bytes: found?.size ?? 0 };
}

/** Returns the variants whose published file is in the home folder, in the order of `bench list variants`. */
async function pulledVariants({ variants }: Registry, home: string): Promise<readonly string[]> {
  const { files } = await folderNames(join(home, "checkpoints"));
  const stems = new Set(
    files.filter((name) => checkpointName.test(name)).map((name) => name.replace(checkpointName, "")),
  );
  return [...variants.values()].flatMap(({ preset, external }) =>
    external === undefined && preset.published !== undefined && stems.has(preset.published.id) ? [preset.id] : [],
  );
}

/** Returns the folder itself where it is data, else the folders right below it that are. */
async function dataBelow(registry: Registry, root: string, from: string): Promise<readonly FoundData[]> {
  const own = await dataAt(registry, root, from);
  if (own !== undefined) return [own];
  const { folders } = await folderNames(root);
  const below = [...folders.keys()].map((name) => join(root, name)).filter((path) => !ownFolders.has(path));
  return (await Promise.all(below.map((path) => dataAt(registry, path, from)))).filter((each) => each !== undefined);
}

async function dataAt(registry: Registry, path: string, from: string): Promise<FoundData | undefined> {
  const names = await folderNames(path);
  const dataset = recognisedDataset(registry, names);
  if (dataset === undefined) return undefined;
  const photos = [...names.files, ...[...names.folders.values()].flat()].filter((name) => photoName.test(name));
  return { data: shortPath(relative(from, path)), dataset, photos: photos.length };
}

/** Writes a path below the user's folder as `./name`, and one that lies elsewhere as it is. */
function shortPath(path: string): string {
  if (path === "") return ".";
  return path.startsWith("..") ? path : `.${sep}${path}`;
}
