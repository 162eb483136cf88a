import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { HarnessError } from "../../errors.ts";
import { sha256OfFile } from "./fileCache.ts";

/**
 * A folder of a cache is written whole, and it holds the hashes of its files, so that damage is found before it is measured.
 */

export const hashesFile = "sha256.json";

/** Returns the hashes of the folder's files by name, as they were written; nothing where they are missing. */
function recordedHashes(folder: string): Readonly<Record<string, string>> | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, hashesFile), "utf8"));
    return typeof found === "object" && found !== null ? (found as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the paths of the files in a folder and in folders inside of it, without the file that holds their hashes. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, "/"))
    .filter((name) => name !== hashesFile)
    .sort();
}

/** Returns whether every file of the folder is what was written. Bytes are read once, and again where a file changed. */
export async function isWhole(folder: string): Promise<boolean> {
  const hashes = recordedHashes(folder);
  if (hashes === undefined || filesIn(folder).join("\n") !== Object.keys(hashes).sort().join("\n")) return false;
  for (const [name, sha256] of Object.entries(hashes))
    if ((await sha256OfFile(join(folder, name))) !== sha256) return false;
  return true;
}

/**
 * Writes the folder beside its place, forces it to disk and moves it there, so that neither a kill nor a power cut leaves
 * something that looks finished. Throws HarnessError where it can not be written.
 */
export async function writeWholeFolder(
  folder: string,
  write: (partial: string) => Promise<void> | void,
): Promise<void> {
  const partial = `${folder}.${randomUUID()}.partial-${process.pid}`;
  makeFolder(partial);
  try {
    await write(partial);
    const hashes: Record<string, string> = {};
    for (const name of filesIn(partial)) {
      forceToDisk(join(partial, name));
      hashes[name] = await sha256OfFile(join(partial, name));
    }
    writeFileSync(join(partial, hashesFile), JSON.stringify(hashes, undefined, 2));
    forceToDisk(join(partial, hashesFile));
    forceToDisk(partial);
    moveInto(partial, folder);
    forceToDisk(dirname(folder));
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Forces a file or a folder to disk. Some systems (Windows, some network mounts) can not do that for a folder and need no
 * message.
 */
export function forceToDisk(path: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    fsyncSync(descriptor);
  } catch (error) {
    if (!["EISDIR", "EPERM", "EINVAL", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new HarnessError(`${dirname(folder)}: graphs can not be kept here`, {
      found: (error as NodeJS.ErrnoException).code,
      hint: "set SAM_BENCH_HOME to a folder that you may write to",
      cause: error,
    });
  }
}

/** Moves the folder to its place. If another process has built the same graphs meanwhile, its folder is used. */
function moveInto(partial: string, folder: string): void {
  try {
    renameSync(partial, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
}
