import { type ReliabilityBin, reliabilityTable } from "../../metrics/index.ts";
import { reportOfRows } from "../../results/report.ts";
import { readSlimRows, type SlimRow, type SlimRows } from "../../results/slimRows.ts";
import type { StoredRun } from "../../store/store.ts";
import type { ChartRun } from "../charts/chart.ts";

/** A run as a report shows it: its figures, its samples, its rows without masks and where those are. */
export interface DetailedRun extends ChartRun, Pick<SlimRows, "places"> {
  readonly rows: readonly SlimRow[];
}

/** Everything a report draws of a run; masks are left on disk. */
export async function detailsOf(run: StoredRun): Promise<Omit<DetailedRun, "label">> {
  const slim = await readSlimRows(run);
  const report = await reportOfRows(run, slim);
  // Masks of seeded weights mean nothing.
  const rows = run.manifest.weights.source === "seeded" ? [] : slim.rows;
  const { manifest } = run;
  // A floor believes nothing of its masks: it says 1 of each.
  const reliability = report.role === "floor" ? {} : reliabilityOf(rows);
  return { report, manifest, turns: await run.latency(), rows, places: slim.places, reliability };
}

function reliabilityOf(rows: readonly SlimRow[]): Readonly<Record<string, readonly ReliabilityBin[]>> {
  const names = [...new Set(rows.map(({ prompts }) => prompts))];
  return Object.fromEntries(
    names.map((name) => [name, reliabilityTable(rows.filter(({ prompts }) => prompts === name))]),
  );
}

/** Names that tell runs of one report apart: the variant, and of several runs of one also the end of their ids. */
export function labelled<T extends { readonly report: { readonly id: string; readonly variant: string } }>(
  runs: readonly T[],
): readonly (T & { readonly label: string })[] {
  return runs.map((run) => {
    const { id, variant } = run.report;
    const alone = runs.filter((other) => other.report.variant === variant).length === 1;
    return { ...run, label: alone ? variant : `${variant} ${id.slice(-12).slice(0, 6)}` };
  });
}
