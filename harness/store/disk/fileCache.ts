import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { refuseIrregular } from "../../files.ts";
import { homeFolder } from "../../home.ts";
import { sha256 } from "../canonical.ts";
import { type CacheEntry, formatEntry, parseEntry, sweepEntries } from "./cacheEntries.ts";
import { errorCode } from "./disk.ts";
import { type FileState, fileState } from "./fileState.ts";

/**
 * The cache of what was found in files: a check of many bytes is done once. A result is stored in `SAM_BENCH_HOME` beside the
 * inode, size and times of the files, and it holds as long as all of these are the same.
 */

/**
 * Returns the SHA-256 of a file's bytes, hexadecimal; it is computed again only where the file changed. Throws HarnessError
 * where the file is no ordinary one.
 */
export async function sha256OfFile(file: string): Promise<string> {
  refuseIrregular(file);
  return cachedResult("sha256", [file], () => readSha256(file));
}

/**
 * Returns what `find` finds in these files, or found when they were as they are now. A file that is missing is a state like
 * others. What is found is a text; it is not stored where the files change meanwhile, or where the cache can not be written.
 */
export async function cachedResult(
  about: string,
  files: readonly string[],
  find: () => Promise<string>,
): Promise<string> {
  const before = await stateOf(files);
  const paths = await pathsOf(files);
  const place = join(cacheFolder(), sha256([about, ...paths].join("\0")).slice(0, 32));
  const known = parseEntry(await readFile(place, "utf8").catch(() => ""));
  if (known?.state === before.text && known.paths.join("\0") === paths.join("\0")) return known.found;
  const found = await find();
  if (before.settled && (await stateOf(files)).text === before.text)
    await storeEntry(place, { state: before.text, paths, found });
  return found;
}

/** Returns the SHA-256 of a file's bytes, hexadecimal, which it reads each time. */
export async function readSha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

async function stateOf(files: readonly string[]): Promise<FileState> {
  return fileState(await Promise.all(files.map((file) => stat(file, { bigint: true }).catch(unlessMissing))));
}

function unlessMissing(error: unknown): undefined {
  if (errorCode(error) !== "ENOENT") throw error;
}

const cacheFolder = () => join(homeFolder(), "checked");

function pathsOf(files: readonly string[]): Promise<readonly string[]> {
  return Promise.all(files.map((file) => realpath(file).catch(() => file)));
}

/** Stores an entry. A cache that can not be written costs another check, and is no error. */
async function storeEntry(place: string, entry: CacheEntry): Promise<void> {
  const beside = `${place}.${process.pid}`;
  try {
    await mkdir(cacheFolder(), { recursive: true });
    await writeFile(beside, formatEntry(entry));
    await rename(beside, place);
    await sweepEntries(cacheFolder());
  } catch {
    // As said above.
  }
}
