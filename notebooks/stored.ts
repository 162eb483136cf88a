/** Reads the runs that the notebooks are about: those of results/, or of the folder that SAM_BENCH_RESULTS names. */
import { fileURLToPath } from "node:url";
import { chosenRuns } from "../harness/results/storedRuns.ts";
import type { StoredRun } from "../harness/store/store.ts";

export const resultsFolder = process.env.SAM_BENCH_RESULTS ?? fileURLToPath(new URL("../results", import.meta.url));

/**
 * Returns the newest run of each variant on the same data, in the order of their first runs. Throws where there is none.
 */
export function storedRuns(): Promise<readonly StoredRun[]> {
  return chosenRuns(
    { results: resultsFolder, names: [], all: false },
    (text) => void process.stderr.write(`${text}\n`),
  );
}

/** Returns the newest run of one variant. Throws Error naming the command that makes one. */
export async function runOf(variant: string): Promise<StoredRun> {
  const run = (await storedRuns()).findLast(({ manifest }) => manifest.variant.id === variant);
  if (run === undefined)
    throw new Error(`no run of ${variant} in ${resultsFolder}: npx bench run --variants ${variant}`);
  return run;
}
