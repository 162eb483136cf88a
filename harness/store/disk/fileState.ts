import type { BigIntStats } from "node:fs";

const defaults = {
  /** A file that changed so short a time ago may change again without a change of its times, ms. */
  settleMs: 100,
};

/** The state of files at one moment. */
export interface FileState {
  /** It differs wherever one of the files is another one or was written to. */
  readonly text: string;
  /** True if the last change is so long ago that the next one gets other times. */
  readonly settled: boolean;
}

/**
 * Returns a text that changes whenever the file is another one or was written to: no program can set ctime back. The device is
 * left out, since two machines number the same file server differently.
 */
export function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].join(":");
}

/**
 * Returns the state of these files, which are absent where they are missing. A last change in the future was dated by a clock
 * that has been set back, and is not settled.
 */
export function fileState(files: readonly (BigIntStats | undefined)[], nowMs = Date.now()): FileState {
  const changedMs = Math.max(0, ...files.map((each) => Number(each?.ctimeMs ?? 0n)));
  return {
    text: files.map((each) => (each === undefined ? "missing" : stampOf(each))).join(" "),
    settled: nowMs - changedMs > defaults.settleMs,
  };
}
