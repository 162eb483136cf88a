import { join } from "node:path";
import { homeFolder } from "../../home.ts";
import { removeUnused } from "../../store/disk/unused.ts";

/** Returns the folder where datasets store indexes of large files; indexes long out of use are deleted. */
export function datasetCache(): string {
  const folder = join(homeFolder(), "annotations");
  removeUnused(folder);
  return folder;
}
