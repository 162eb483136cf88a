import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, join, win32 } from "node:path";
import { HarnessError } from "../../errors.ts";
import { readSignature } from "./signature.ts";

/** Returns whether a path leads out of its folder. */
function leaves(path: string): boolean {
  return isAbsolute(path) || win32.isAbsolute(path) || /(^|[\\/])\.\.([\\/]|$)/.test(path);
}

/**
 * Returns a graph's file and the files beside it that hold its tensors. Throws HarnessError where one is missing or lies outside of
 * the graph's folder.
 */
export function graphFilesOf(file: string): readonly string[] {
  const { externalFiles } = readSignature(file);
  const outside = externalFiles.find((name) => leaves(name));
  if (outside !== undefined)
    throw new HarnessError(`${basename(file)}: its weights lie outside of its folder`, {
      found: outside,
      expected: "a file beside it",
      hint: "copy both files into one folder, and export again if the path is in the graph",
    });
  const beside = externalFiles.map((name) => join(dirname(file), name));
  const missing = beside.find((each) => !existsSync(each));
  if (missing === undefined) return [file, ...beside];
  throw new HarnessError(`${basename(file)}: the file with its weights is missing`, {
    expected: `${basename(missing)} beside it`,
    hint: "copy both files, under the names that the exporter gave them",
  });
}
