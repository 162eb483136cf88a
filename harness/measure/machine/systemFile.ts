import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folder that stands for `/`: tests draw a machine of their own below another one. */
export type Root = string;

/** Returns the file's text without blanks at its ends, or nothing where there is no such file or it may not be read. */
export function readSystemFile(root: Root, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Returns the number that a file holds, or nothing where it holds none or can not be read. */
export function readSystemNumber(root: Root, path: string): number | undefined {
  const text = readSystemFile(root, path);
  return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text);
}

/** Returns the names in a folder, none where it can not be read. */
export function systemNames(root: Root, path: string): readonly string[] {
  try {
    return readdirSync(join(root, path)).sort();
  } catch {
    return [];
  }
}
