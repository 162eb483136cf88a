import { canonicalJson } from "../../store/canonical.ts";
import type { RunFacts } from "../../store/schema/runFacts.ts";
import type { SoundRun } from "../storedRuns.ts";

/** Runs of one checkpoint on the same data: the first, which all others are compared with, and those that differ from it in one thing. */
export interface RunsBeside {
  readonly first: SoundRun;
  readonly others: readonly SoundRun[];
  /** Names what was not measured, as a command line takes it. */
  readonly missing: readonly string[];
}

/** Returns what two runs must have in common; a published checkpoint is one by its hash. */
export function questionOf({ weights: { source, sha256 }, dataset, protocols }: RunFacts): string {
  return canonicalJson({ source, sha256, data: dataset.fingerprint, protocols });
}

/** Returns the newest of some runs; nothing where there is none. */
export function newestOf(runs: readonly SoundRun[]): SoundRun | undefined {
  return runs.toSorted((a, b) => (a.facts.createdAt < b.facts.createdAt ? 1 : -1))[0];
}
