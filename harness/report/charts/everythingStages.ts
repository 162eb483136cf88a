import { everythingStages } from "../../results/machine/everythingStages.ts";
import type { Chart, ChartRun } from "./chart.ts";
import { stageBars } from "./stageBars.ts";

/** Draws where the time of an image goes in everything mode: a chart for each prompts name. */
export function everythingCharts(runs: readonly ChartRun[]): readonly Chart[] {
  const names = [...new Set(runs.flatMap(({ report }) => Object.keys(report.everythingStages ?? {})))];
  return names.map((name) => {
    const variants = runs.flatMap(({ label, report }) => {
      const found = report.everythingStages?.[name]?.ms;
      return found === undefined
        ? []
        : [{ label, stages: everythingStages.map((stage) => found[stage].median / 1000) }];
    });
    return stageBars(variants, {
      id: `everything-${name}`,
      title: `Everything mode by stage, ${name}`,
      caption:
        "Medians over the images; filter is all that is neither prepare, encode, decode nor upscale. The figure is the sum of the medians.",
      stages: everythingStages,
      unit: "s",
      axis: "time of an image, s",
      touches: /^everything/,
    });
  });
}
