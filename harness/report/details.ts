import type { PredictionRow } from "../api.ts";
import { type ReliabilityBin, reliabilityTable } from "../metrics/index.ts";
import type { StoredRun } from "../store/store.ts";
import type { ChartRun } from "./charts/chart.ts";
import { reportOf } from "./score.ts";

/** A row without its mask: what is needed to choose among thousands of targets. */
export type SlimRow = Omit<PredictionRow, "mask" | "prompt">;

/** A run as a report shows it: its figures, its samples, and its rows without masks. */
export interface DetailedRun extends ChartRun {
  readonly rows: readonly SlimRow[];
}

/** Everything a report draws of a run; masks are left on disk. */
export async function detailsOf(run: StoredRun): Promise<Omit<DetailedRun, "label">> {
  const report = await reportOf(run);
  const rows: SlimRow[] = [];
  // Masks of seeded weights mean nothing.
  if (run.manifest.weights.source !== "seeded")
    for await (const row of run.rows()) {
      if (row.kind === "failure") continue;
      const { mask: _, prompt: __, ...slim } = row;
      rows.push(slim);
    }
  return { report, manifest: run.manifest, turns: await run.latency(), rows, reliability: reliabilityOf(rows) };
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
