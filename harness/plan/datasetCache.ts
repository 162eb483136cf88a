import { join } from "node:path";
import { homeFolder } from "../home.ts";
import { sweep } from "../store/disk/sweep.ts";

/** Where datasets keep indexes of large files; those long out of use are deleted. */
export function datasetCache(): string {
  const folder = join(homeFolder(), "annotations");
  sweep(folder);
  return folder;
}
