import { everythingPeaks, everythingStages } from "../../../results/machine/everythingStages.ts";
import type { RunReport } from "../../../results/report.ts";
import { megabytesText, scaledText } from "../cellText.ts";
import { none } from "../grid.ts";
import type { Shown } from "./plainColumn.ts";
import type { ResultColumn } from "./resultColumn.ts";

/**
 * Returns how long an image takes in everything mode: a column for each prompts name, with the median and, where rows differ
 * in it, the number of images; behind it the stages of that time, and the peaks of the process in them.
 */
export function everythingColumns(reports: readonly RunReport[], table: Shown): readonly ResultColumn[] {
  const names = [...new Set(reports.flatMap(({ everything }) => Object.keys(everything)))];
  const whole = names.map((name) => wholeColumn(reports, name));
  return table === "first" ? whole : [...whole, ...names.flatMap((name) => stageColumns(reports, name))];
}

function wholeColumn(reports: readonly RunReport[], name: string): ResultColumn {
  const summaries = reports.map(({ everything }) => everything[name]);
  const together = new Set(summaries.flatMap((summary) => summary?.n ?? [])).size === 1;
  return {
    id: `everything.${name}`,
    kind: "efficiency",
    header: [name, "s/image"],
    align: "right",
    shown: "first",
    better: "lower",
    values: summaries.map((summary) => summary?.median),
    cells: summaries.map((summary) =>
      summary === undefined ? none : `${scaledText(summary.median, 1e-3)}${together ? "" : ` (${summary.n})`}`,
    ),
  };
}

function stageColumns(reports: readonly RunReport[], name: string): readonly ResultColumn[] {
  const own = reports.map(({ everythingStages }) => everythingStages?.[name]);
  const seconds = (value: number) => scaledText(value, 1e-3);
  return [
    ...everythingStages.map((stage) => {
      const medians = own.map((each) => each?.ms[stage].median);
      return figureColumn({ id: `everything.${name}.${stage}`, header: [`${stage} s`, name] }, medians, seconds);
    }),
    ...everythingPeaks.map((stage) => {
      const peaks = own.map((each) => each?.peakBytes[stage]);
      const id = `everything-memory.${name}.${stage}`;
      return figureColumn({ id, header: [`${stage} MB`, name] }, peaks, megabytesText);
    }),
  ];
}

function figureColumn(
  named: Pick<ResultColumn, "id" | "header">,
  values: readonly (number | undefined)[],
  textOf: (value: number) => string,
): ResultColumn {
  const cells = values.map((value) => (value === undefined ? none : textOf(value)));
  return { ...named, kind: "efficiency", align: "right", shown: "wide", better: "lower", values, cells };
}
