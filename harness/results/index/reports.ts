import { basename, dirname } from "node:path";
import { ownBook } from "../../protocols/index.ts";
import { needsDataset, type ReportOptions } from "../accuracy.ts";
import { type RunReport, reportOf } from "../report.ts";
import { readSound, type SoundRun } from "../storedRuns.ts";
import { indexKey } from "./indexKey.ts";
import { openIndex, type RunIndex } from "./runIndex.ts";
import { parseEntry, type ReportEntry } from "./storedReport.ts";

/**
 * Returns what a table shows of each run. A report that the index of the run's folder has is not computed again: it is of these
 * rows, by this code.
 */
export async function readReports(
  runs: readonly SoundRun[],
  options: ReportOptions = {},
): Promise<readonly RunReport[]> {
  const { metrics } = options.book ?? ownBook;
  const key = await indexKey(options.plugins);
  const indexes = new Map<string, RunIndex>();
  const reports: RunReport[] = [];
  // One after the other: rows of one run in memory at a time.
  for (const run of runs) {
    const results = dirname(run.folder);
    const index = indexes.get(results) ?? (await openIndex(results, { kind: "reports", key }));
    indexes.set(results, index);
    const report = knownReport(run, index) ?? (await computedReport(run, index, options));
    reports.push({ ...report, metrics });
  }
  for (const index of indexes.values()) await index.save();
  return reports;
}

/** Returns the report of the index, if it was computed of the rows that the run ended with. */
function knownReport({ folder, facts, state }: SoundRun, index: RunIndex): ReportEntry["report"] | undefined {
  const text = state === undefined ? undefined : index.known(basename(folder), state);
  const entry = text === undefined ? undefined : parseEntry(text);
  return entry?.rowsSha256 === rowsHashOf(facts) ? entry?.report : undefined;
}

async function computedReport(
  sound: SoundRun,
  index: RunIndex,
  options: ReportOptions,
): Promise<ReportEntry["report"]> {
  const { state } = sound;
  const run = await readSound(sound);
  const { metrics: _, ...report } = await reportOf(run, options);
  const text = JSON.stringify({ rowsSha256: rowsHashOf(run.manifest), report } satisfies ReportEntry);
  // Figures that need the data set are absent or there, as the data set is.
  if (state !== undefined && !needsDataset(run.manifest, options)) await index.add(run.id, state, text);
  // As it is read from the index, so that both are printed alike.
  return (JSON.parse(text) as ReportEntry).report;
}

function rowsHashOf({ status }: Pick<SoundRun["facts"], "status">): string | undefined {
  return status.state === "done" ? status.rowsSha256 : undefined;
}
