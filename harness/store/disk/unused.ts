import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { processExists } from "./holder.ts";

const defaults = {
  /** Built graphs that no run has used for so many days are deleted: any change of the code builds new ones. */
  unusedDays: 30,
};

/** Marks a folder of built graphs as used now. */
export function touch(folder: string): void {
  try {
    utimesSync(folder, new Date(), new Date());
  } catch {
    // A read-only cache is used all the same.
  }
}

/** Deletes what killed builds left half-written, and graphs long out of use. */
export function removeUnused(cache: string, now = Date.now()): void {
  for (const name of namesIn(cache)) {
    const folder = join(cache, name);
    const builder = /\.partial-(\d+)$/.exec(name)?.[1];
    const gone = builder === undefined ? ageDays(folder, now) > defaults.unusedDays : !processExists(Number(builder));
    if (gone) rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns nothing where there is no such folder: the write that follows says what is wrong with it. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function ageDays(folder: string, now: number): number {
  return (now - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? now)) / 86_400_000;
}
