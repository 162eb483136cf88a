import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FolderNames } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import type { Registry } from "../plugins/registry.ts";

/** Most names that are looked at in a folder, and most folders below it: a look at a folder ends soon, whatever is in it. */
const most = { names: 2000, folders: 50 };

/** Returns the names in a folder and in the folders right below it; hidden ones and what can not be read are left out. */
export async function folderNames(folder: string): Promise<FolderNames> {
  const { files, folders } = await namesIn(folder);
  const below = await Promise.all(
    folders.slice(0, most.folders).map(async (name) => [name, (await namesIn(join(folder, name))).files] as const),
  );
  return { files, folders: new Map(below) };
}

/** Returns the id of the first data set, in the order of `bench list datasets`, that takes the folder for its own. */
export function recognisedDataset({ datasets }: Pick<Registry, "datasets">, names: FolderNames): string | undefined {
  return [...datasets.values()].find((each) => each.recognises?.(names) === true)?.id;
}

/** Returns the data set whose layout a folder has. Throws HarnessError where no data set takes it. */
export async function datasetOfFolder(registry: Pick<Registry, "datasets">, folder: string): Promise<string> {
  const found = recognisedDataset(registry, await folderNames(folder));
  if (found !== undefined) return found;
  const layouts = [...registry.datasets.values()].filter(({ recognises }) => recognises !== undefined);
  throw new HarnessError(`--data ${folder}: no photos and no annotations that are recognised`, {
    expected: `a layout of ${layouts.map(({ id }) => id).join(", ")}`,
    hint: "bench list datasets describes the layouts; --dataset names one",
  });
}

async function namesIn(
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const seen = entries.filter(({ name }) => !name.startsWith(".") && name !== "node_modules").slice(0, most.names);
  return {
    files: seen.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name),
    folders: seen.filter((entry) => entry.isDirectory()).map(({ name }) => name),
  };
}
