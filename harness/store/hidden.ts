/** Takes the folders of a user out of what a run keeps, so that a results folder can be shown around: files keep their names. */

import { basename } from "node:path";

/** Options whose values are files or folders, `NAME=FILE` and lists of them among these. */
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

/** A command line whose files and folders have lost the folders they lie in: `--data coco`, `--checkpoint sam-vit-b=mine.pth`. */
export function withoutPaths(line: readonly string[]): string[] {
  return line.map((word, i) => {
    const joined = /^--([\w-]+)=(.*)$/s.exec(word);
    if (joined !== null) return pathOptions.includes(joined[1]!) ? `--${joined[1]}=${named(joined[2]!)}` : word;
    const option = /^--([\w-]+)$/.exec(line[i - 1] ?? "")?.[1];
    return option !== undefined && pathOptions.includes(option) ? named(word) : word;
  });
}

function named(value: string): string {
  return value
    .split(",")
    .map((each) => {
      const at = each.indexOf("=") + 1;
      return each.slice(0, at) + (basename(each.slice(at)) || each.slice(at));
    })
    .join(",");
}

/** Texts in which none of these folders stands any more: what lies in one is named from there, a folder itself by its name. */
export function withoutFolders<T>(value: T, folders: readonly string[]): T {
  if (typeof value === "string") return longestFirst(folders).reduce<string>(withoutFolder, value) as T;
  if (Array.isArray(value)) return value.map((each) => withoutFolders(each, folders)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutFolders(each, folders)])) as T;
}

/** A folder inside another is taken out whole. One without a name (the root, the present one) would take out far too much. */
function longestFirst(folders: readonly string[]): readonly string[] {
  const trimmed = folders.map((each) => each.replace(/[\\/]+$/, ""));
  return trimmed.filter((each) => /[^./\\]/.test(each) && /[\\/]/.test(each)).sort((a, b) => b.length - a.length);
}

function withoutFolder(text: string, folder: string): string {
  return text.replaceAll(`${folder}/`, "").replaceAll(`${folder}\\`, "").replaceAll(folder, basename(folder));
}
