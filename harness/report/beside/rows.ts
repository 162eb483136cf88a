import type { Comparison } from "../../results/compare/compare.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import type { RunReport } from "../../results/report.ts";

/** Says what the rows of a table differ in. */
export type Respect = "precisions" | "runtimes";

/** One checkpoint in one form: its figures, and how they differ from the first row's. */
export interface BesideRow {
  readonly report: RunReport;
  /** Absent for the first row itself, which is side A of all others. */
  readonly comparison?: Comparison | undefined;
}

/** All forms of one checkpoint. */
export interface BesideTable {
  readonly respect: Respect;
  readonly model: string;
  /** Begins with the row that all others are compared with. Of other precisions, those of the largest files come first. */
  readonly rows: readonly BesideRow[];
  /** Names what was not measured: ids of precisions, or providers. */
  readonly missing: readonly string[];
}

/** Says what the first row is called in headers and notes. */
export const firstNames: Readonly<Record<Respect, string>> = { precisions: "float", runtimes: "cpu" };

/** Returns the table of the rows in their order. `reports` begin with the first row's, and each other one has its comparison. */
export function besideTable(
  { respect, model, missing }: Omit<BesideTable, "rows">,
  [first, ...others]: readonly RunReport[],
  comparisons: readonly Comparison[],
): BesideTable {
  const rows = others.map((report, i): BesideRow => ({ report, comparison: comparisons[i]! }));
  return { respect, model, missing, rows: [{ report: first! }, ...rows.toSorted(orders[respect])] };
}

const orders: Readonly<Record<Respect, (a: BesideRow, b: BesideRow) => number>> = {
  precisions: (a, b) => (b.report.graph?.fileBytes ?? 0) - (a.report.graph?.fileBytes ?? 0),
  runtimes: (a, b) => (a.report.variant < b.report.variant ? -1 : 1),
};

/** Names a figure that verdicts rest on: that of one prompts name. */
export interface HeadlineFigure extends Pick<FigureDifference, "figure" | "prompts" | "protocol" | "unit"> {
  /** Id of the figure in its metric: `miou` of `miou.box`. */
  readonly id: string;
}

export function headlinesOf(rows: readonly BesideRow[]): readonly HeadlineFigure[] {
  const all = rows.flatMap(({ comparison }) => comparison?.figures.filter(({ headline }) => headline) ?? []);
  const named = new Map(all.map((each) => [each.figure, each]));
  return [...named.values()].map(({ figure, prompts, protocol, unit }) => {
    return { figure, prompts, protocol, unit, id: figure.slice(0, -prompts.length - 1) };
  });
}
