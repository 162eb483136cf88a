/**
 * This file takes the user's folders out of what a run stores, so that a results folder can be shown around; files keep their
 * names.
 */

import { basename } from "node:path";
import { isCheckpointPath } from "./rowName.ts";

/** Options whose values are files or folders, among them `NAME=FILE` and lists. */
const pathOptions = [
  "data",
  "boxes",
  "annotations",
  "results",
  "checkpoint",
  "variant-files",
  "plugin",
  "preset",
  "out",
];

/** Options whose values are commands of the user's own: none is kept, so that none can be run from a stored run. */
const commandOptions = ["external", "python"];

/** Returns a command line without the folders of its files and folders: `--data coco`, `--checkpoint sam-vit-b=mine.pth`. */
export function withoutPaths(line: readonly string[]): string[] {
  return line.map((word, i) => {
    const joined = /^--([\w-]+)=(.*)$/s.exec(word);
    if (joined !== null) return `--${joined[1]}=${keptValue(joined[1]!, joined[2]!)}`;
    const option = /^--([\w-]+)$/.exec(line[i - 1] ?? "")?.[1];
    return option === undefined ? word : keptValue(option, word);
  });
}

function keptValue(option: string, value: string): string {
  if (commandOptions.includes(option)) return value.includes("=") ? `${value.slice(0, value.indexOf("="))}=…` : "…";
  if (option === "variants") return value.split(",").map(fileName).join(",");
  return pathOptions.includes(option) ? named(value) : value;
}

/** Returns the name of a file that stands among variants' ids, and an id as it is. */
function fileName(text: string): string {
  return isCheckpointPath(text) ? basename(text) : text;
}

function named(value: string): string {
  return value
    .split(",")
    .map((each) => {
      // A path that begins with a folder has no name before it, and may hold an = of its own.
      const at = /^(\.{0,2}[\\/]|[a-z]:\\)/i.test(each) ? 0 : each.indexOf("=") + 1;
      return each.slice(0, at) + (basename(each.slice(at)) || each.slice(at));
    })
    .join(",");
}

/** Returns the value without these folders in its texts: a file in one keeps its path from there, a folder itself its name. */
export function withoutFolders<T>(value: T, folders: readonly string[]): T {
  if (typeof value === "string") return longestFirst(folders).reduce<string>(withoutFolder, value) as T;
  if (Array.isArray(value)) return value.map((each) => withoutFolders(each, folders)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutFolders(each, folders)])) as T;
}

/**
 * Sorts folders so that the innermost is taken out first. A folder without a name (the root, the present one) would take out far
 * too much, and is left out.
 */
function longestFirst(folders: readonly string[]): readonly string[] {
  const trimmed = folders.map((each) => each.replace(/[\\/]+$/, ""));
  return trimmed.filter((each) => /[^./\\]/.test(each) && /[\\/]/.test(each)).sort((a, b) => b.length - a.length);
}

function withoutFolder(text: string, folder: string): string {
  return text.replaceAll(`${folder}/`, "").replaceAll(`${folder}\\`, "").replaceAll(folder, basename(folder));
}
