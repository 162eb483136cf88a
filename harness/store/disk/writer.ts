import { open } from "node:fs/promises";
import { errorCode } from "./disk.ts";
import { alive, ownProcess, parseHolder } from "./holder.ts";

/**
 * Age at which the last beat of a writer on another machine counts as its end, ms. A writer beats every 5 s; the rest is for
 * clocks that differ and for file servers that tell late. A wrong guess shows a wrong word in a list: no lock is taken by it.
 */
const staleMs = 120_000;

export interface WriterOptions {
  /** Name of this machine; tests set it. */
  readonly machine?: string;
  readonly nowMs?: () => number;
}

/**
 * Tells whether a process holds the lock and lives. A holder of this machine is asked for by pid and start time; one of another
 * machine shows that it lives by writing its file again and again. Nothing is written, and no lock is taken.
 */
export async function hasWriter(lock: string, { machine, nowMs = Date.now }: WriterOptions = {}): Promise<boolean> {
  const file = await open(lock, "r").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return false;
  try {
    const holder = parseHolder(await file.readFile("utf8"));
    const { ino, mtimeMs } = await file.stat({ bigint: true });
    // In a copy of the folder nobody writes.
    if (holder !== undefined && holder.inode !== String(ino)) return false;
    if (holder?.machine === ownProcess(machine).machine) return alive(holder);
    // A clock that is behind reads a beat in its future, which is a beat all the same.
    return nowMs() - Number(mtimeMs) < staleMs;
  } finally {
    await file.close();
  }
}
