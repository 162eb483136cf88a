import type { Attack } from "../parser.ts";
import { cachedFiles } from "./cachedFiles.ts";
import { coordinates } from "./coordinates.ts";
import { labelPictures } from "./labelPictures.ts";
import { names } from "./names.ts";
import { nestedPickles } from "./nestedPickles.ts";
import { storedRows } from "./storedRows.ts";

/** Cases that are drawn, not mutated from sound files. */
export const attacks: readonly Attack[] = [cachedFiles, storedRows, labelPictures, coordinates, names, nestedPickles];
