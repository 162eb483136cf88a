/** Opens ordinary files and refuses all else: reading a pipe could wait for ever, and a device has no size and no last byte. */

import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from "node:fs";
import { HarnessError } from "./errors.ts";

/**
 * Opens a file for reading without waiting, and looks at what was opened: the name may mean another file by then.
 * Throws HarnessError for a file that is missing, closed to the user, a folder, a pipe, a socket or a device, with `hint`.
 */
export function openRegularFile(file: string, hint?: string): number {
  const descriptor = opened(file, hint);
  const problem = irregularity(fstatSync(descriptor));
  if (problem === undefined) return descriptor;
  closeSync(descriptor);
  throw irregular(file, problem, hint);
}

/** Throws HarnessError for a path that exists and is no file. Readers call it that open the file and report a missing one. */
export function refuseIrregular(file: string, hint?: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  const problem = stats === undefined ? undefined : irregularity(stats);
  if (problem !== undefined) throw irregular(file, problem, hint);
}

function opened(file: string, hint: string | undefined): number {
  try {
    // O_NONBLOCK is absent on Windows, which has no named pipes among its files.
    return openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw unopened(file, cause, hint);
  }
}

function unopened(file: string, cause: unknown, hint: string | undefined): HarnessError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") return new HarnessError(`${file}: no such file`, { hint, cause });
  // Opening a socket gives ENXIO.
  if (code === "ENXIO") return irregular(file, "a socket", hint);
  return new HarnessError(`${file}: can not be opened`, { found: code, hint, cause });
}

function irregular(file: string, problem: string, hint: string | undefined): HarnessError {
  return new HarnessError(`${file}: is ${problem}`, {
    expected: "an ordinary file",
    hint: hint ?? "give the path of a file, and copy what comes through a pipe into one first",
  });
}

function irregularity(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return "a device";
}
