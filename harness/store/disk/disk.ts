import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { HarnessError } from "../../errors.ts";

interface Trouble {
  readonly problem: string;
  readonly hint: string;
}

const full: Trouble = {
  problem: "the disk is full",
  hint: "free some space (du -sh shows what takes it) and run the same command again: finished images are kept",
};
const closed: Trouble = {
  problem: "permission denied",
  hint: "make the folder readable and writable, or give another one with --results; finished images are kept",
};
/** EFBIG and EDQUOT mean a full disk for this user: a limit on file size, a quota. */
const troubles: Readonly<Record<string, Trouble>> = {
  ENOSPC: full,
  EDQUOT: { ...full, problem: "the disk quota is used up" },
  EFBIG: { ...full, problem: "the largest allowed file size is reached" },
  EROFS: { ...closed, problem: "lies on a read-only file system" },
  EACCES: closed,
  EPERM: closed,
  EEXIST: { problem: "is a file where a folder is expected", hint: "give another folder with --results" },
  ENOTDIR: { problem: "part of the path is a file", hint: "give another folder with --results" },
  EISDIR: { problem: "is a folder where a file is expected", hint: "give another folder with --results" },
};

/** Returns an error that says in the user's words why the machine refused; any other error comes back as it is. */
export function diskError(error: unknown, path: string): unknown {
  const code = errorCode(error);
  const trouble = code === undefined ? undefined : troubles[code];
  if (trouble === undefined) return error;
  return new HarnessError(`${path}: ${trouble.problem}`, { found: code, hint: trouble.hint, cause: error });
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Runs a step on the file system; what it throws goes through `diskError`. */
export async function onDisk<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw diskError(error, path);
  }
}

/**
 * Replaces a file as a whole: written beside, forced to disk, renamed over it. A reader, a `kill -9` or a power cut finds the
 * old text or the new one. Callers hold the run's lock, so the name beside is nobody else's.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  await onDisk(path, async () => {
    const file = await open(beside, "w");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await syncFolder(dirname(path));
  });
}

/** Makes a rename last through a power cut. Some systems (Windows, some network mounts) can not do that and need no message. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
