import { totalMs } from "../table/columns.ts";
import type { Chart, ChartRun } from "./chart.ts";
import { stageBars } from "./stageBars.ts";

/** Stages that follow one another; files are read from the disk where that was measured, else from the file cache. */
const stages = ["library", "load", "create", "optimise", "first encode", "first decode"] as const;

/** Draws what a user waits for from a process without a runtime to its first mask. */
export function coldStartCharts(runs: readonly ChartRun[]): readonly Chart[] {
  const measured = runs.flatMap(({ label, report }) =>
    report.coldStart === undefined ? [] : [{ label, found: report.coldStart.stages, steady: totalMs(report) }],
  );
  if (measured.length === 0) return [];
  const cold = measured.every(({ found }) => found["load-cold"] !== undefined);
  const variants = measured.map(({ label, found, steady }) => {
    const load = cold ? found["load-cold"] : found.load;
    const shown = [found.library, load, found.create, found.optimise, found["first-encode"], found["first-decode"]];
    return { label, stages: shown.map((summary) => summary?.median), steady };
  });
  return [
    stageBars(variants, {
      id: "cold-start",
      title: "Cold start",
      caption: `Medians over processes of their own: the runtime's library, the graphs' files (${cold ? "from the disk" : "from the file cache"}), sessions without optimisation, what optimisation adds, the first image and its first box. The first figure is their sum, the second what each image takes then.`,
      stages,
      unit: "ms",
      axis: "time to the first mask, ms",
      touches: /^cold start$/,
    }),
  ];
}
