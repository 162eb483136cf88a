import { totalMs } from "../table/columns/columns.ts";
import type { Chart, ChartRun } from "./chart.ts";
import { stageBars } from "./stageBars.ts";

/** Stages that follow one another; `create` reads the files from the file cache, so that `disk` is what a disk adds to that. */
const stages = ["library", "disk", "create", "optimise", "first encode", "first decode"] as const;

/** Draws what a user waits for from a process without a runtime to its first mask. */
export function coldStartCharts(runs: readonly ChartRun[]): readonly Chart[] {
  const measured = runs.flatMap(({ label, report }) =>
    report.coldStart === undefined ? [] : [{ label, found: report.coldStart.stages, steady: totalMs(report) }],
  );
  if (measured.length === 0) return [];
  const cold = measured.every(({ found }) => found["load-cold"] !== undefined);
  const disk = cold ? "what reading the files from the disk adds, " : "";
  const variants = measured.map(({ label, found, steady }) => {
    const added = cold ? found["load-cold"]!.median - (found.load?.median ?? 0) : undefined;
    const afterDisk = [found.create, found.optimise, found["first-encode"], found["first-decode"]];
    return { label, stages: [found.library?.median, added, ...afterDisk.map((each) => each?.median)], steady };
  });
  return [
    stageBars(variants, {
      id: "cold-start",
      title: "Cold start",
      caption: `Medians over processes of their own: the runtime's library, ${disk}sessions without optimisation, what optimisation adds, the first image and its first box. The first figure is their sum, the second what each image takes then.`,
      stages,
      unit: "ms",
      axis: "time to the first mask, ms",
      touches: /^cold start$/,
    }),
  ];
}
