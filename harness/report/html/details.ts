import type { Metric, ReliabilityBin } from "../../api.ts";
import { heldForAccuracy, type ReportOptions } from "../../results/accuracy.ts";
import { reportOfRows } from "../../results/report.ts";
import { byPrompts, type RunRows, readRunRows, withoutMasks } from "../../results/rows.ts";
import type { StoredRun } from "../../store/store.ts";
import type { ChartRun } from "../charts/chart.ts";

/** A run as a report shows it: its figures, its samples, its rows without masks, and where the masks lie on disk. */
export type DetailedRun = ChartRun & Pick<RunRows, "images" | "failures" | "rows" | "places">;

/** Reads what a report draws of a run. Masks are not kept in memory, since a report holds all its runs at once. */
export async function detailsOf(run: StoredRun, options: ReportOptions = {}): Promise<Omit<DetailedRun, "label">> {
  const read = await readRunRows(run, { hold: heldForAccuracy(run.manifest, options) });
  const report = await reportOfRows(run, read, options);
  // Masks of seeded weights mean nothing.
  const rows = run.manifest.weights.source === "seeded" ? [] : withoutMasks(read.rows);
  const { manifest } = run;
  // A floor believes nothing of its masks: it says 1 of each.
  const reliability = report.role === "floor" ? {} : reliabilityOf(rows, report.metrics);
  return {
    report,
    manifest,
    turns: await run.latency(),
    // Images are those of the rows.
    images: rows.length === 0 ? [] : read.images,
    failures: read.failures,
    rows,
    places: read.places,
    reliability,
  };
}

/** Returns the bins of the first metric that has some, by prompts name. */
function reliabilityOf(
  rows: RunRows["rows"],
  metrics: readonly Metric[],
): Readonly<Record<string, readonly ReliabilityBin[]>> {
  const metric = metrics.find((each) => each.reliability !== undefined);
  if (metric === undefined) return {};
  return Object.fromEntries([...byPrompts(rows)].map(([name, own]) => [name, metric.reliability!(own)]));
}

/**
 * Gives the runs of one report names that tell them apart: the variant, and where one variant has several runs the end of
 * their ids too.
 */
export function labelled<T extends { readonly report: { readonly id: string; readonly variant: string } }>(
  runs: readonly T[],
): readonly (T & { readonly label: string })[] {
  return runs.map((run) => {
    const { id, variant } = run.report;
    const alone = runs.filter((other) => other.report.variant === variant).length === 1;
    return { ...run, label: alone ? variant : `${variant} ${id.slice(-12).slice(0, 6)}` };
  });
}
