import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The entries of the memory of checked files, a file each: the files' state, their paths as JSON, and what was found. */

export interface MemoryEntry {
  /** Inode, size and times of the files. */
  readonly state: string;
  readonly paths: readonly string[];
  readonly found: string;
}

const defaults = {
  /** An entry that was written so long ago is deleted: what it says is found again. */
  keptDays: 90,
  /** Entries are looked through no more often. */
  sweepDays: 1,
};

const dayMs = 86_400_000;
/** Its time is that of the last sweep. */
const sweptFile = "swept";

export function formatEntry({ state, paths, found }: MemoryEntry): string {
  return [state, JSON.stringify(paths), found].join("\n");
}

/** Nothing for a text that is no entry. */
export function parseEntry(text: string): MemoryEntry | undefined {
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
 * Deletes entries that are old, that are of files none of which is there, or that can not be read; at most once a day. A last
 * sweep in the future is that of a clock that was set back, and counts for nothing.
 */
export async function sweepMemory(folder: string, now = Date.now()): Promise<void> {
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
  if (days > defaults.keptDays) return true;
  const entry = parseEntry(await readFile(file, "utf8").catch(() => ""));
  return entry === undefined || !entry.paths.some((path) => existsSync(path));
}

/** The beginning of time for a file that is missing. */
async function writtenMs(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}
