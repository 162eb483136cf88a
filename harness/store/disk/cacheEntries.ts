import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The cache of checked files has one file for each entry: the state of the checked files, their paths as JSON, and what was
 * found.
 */

export interface CacheEntry {
  /** Inode, size and times of the files. */
  readonly state: string;
  readonly paths: readonly string[];
  readonly found: string;
}

const defaults = {
  /** An entry older than so many days is deleted, and what it says is found out again. */
  expiryDays: 90,
  /** Entries are swept no more often than this. */
  sweepDays: 1,
};

const dayMs = 86_400_000;
/** The time of this file is the time of the last sweep. */
const sweptFile = "swept";

export function formatEntry({ state, paths, found }: CacheEntry): string {
  return [state, JSON.stringify(paths), found].join("\n");
}

/** Returns nothing for a text that is no entry. */
export function parseEntry(text: string): CacheEntry | undefined {
  const [state, second, ...rest] = text.split("\n");
  const paths = pathsIn(second);
  if (state === undefined || paths === undefined || rest.length === 0) return undefined;
  return { state, paths, found: rest.join("\n") };
}

function pathsIn(json: string | undefined): readonly string[] | undefined {
  try {
    const found: unknown = JSON.parse(json ?? "");
    return Array.isArray(found) && found.every((each) => typeof each === "string") ? found : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Deletes entries that are old, that can not be read, or of whose files none is there; at most once a day. A last sweep in the
 * future was dated by a clock that has been set back, and does not count.
 */
export async function sweepEntries(folder: string, now = Date.now()): Promise<void> {
  const sinceDays = (now - (await writtenMs(join(folder, sweptFile)))) / dayMs;
  if (sinceDays >= 0 && sinceDays < defaults.sweepDays) return;
  await writeFile(join(folder, sweptFile), "");
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    if (name !== sweptFile && (await isUseless(file, now))) await rm(file, { force: true });
  }
}

async function isUseless(file: string, now: number): Promise<boolean> {
  const days = (now - (await writtenMs(file))) / dayMs;
  // What another process is about to rename, or left when it was killed, bears its number.
  if (/\.\d+$/.test(file)) return days > defaults.sweepDays;
  if (days > defaults.expiryDays) return true;
  const entry = parseEntry(await readFile(file, "utf8").catch(() => ""));
  return entry === undefined || !entry.paths.some((path) => existsSync(path));
}

/** Returns the time of the last write; a missing file counts as written at the beginning of time. */
async function writtenMs(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}
