import type { Comparison } from "../../results/compare/compare.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import type { RunReport } from "../../results/report.ts";

/** One checkpoint in one precision: its figures, and how they differ from the float row's. */
export interface PrecisionRow {
  readonly report: RunReport;
  /** Absent for the float row itself, which is side A of all others. */
  readonly comparison?: Comparison | undefined;
}

/** All precisions of one checkpoint. */
export interface PrecisionTable {
  readonly model: string;
  /** Begins with the float row; of the others, those of the largest files come first. */
  readonly rows: readonly PrecisionRow[];
  /** Ids of the precisions that were not measured. */
  readonly missing: readonly string[];
}

/** Returns the table of the rows in their order. `reports` begin with the float row's, and each other one has its comparison. */
export function precisionTable(
  { model, missing }: Pick<PrecisionTable, "model" | "missing">,
  [float, ...others]: readonly RunReport[],
  comparisons: readonly Comparison[],
): PrecisionTable {
  const rows = others.map((report, i): PrecisionRow => ({ report, comparison: comparisons[i]! }));
  const bytes = ({ report: { graph } }: PrecisionRow) => graph?.fileBytes ?? 0;
  return { model, missing, rows: [{ report: float! }, ...rows.toSorted((a, b) => bytes(b) - bytes(a))] };
}

/** Names a figure that verdicts rest on: that of one prompts name. */
export interface HeadlineFigure extends Pick<FigureDifference, "figure" | "prompts" | "protocol" | "unit"> {
  /** Id of the figure in its metric: `miou` of `miou.box`. */
  readonly id: string;
}

export function headlinesOf(rows: readonly PrecisionRow[]): readonly HeadlineFigure[] {
  const all = rows.flatMap(({ comparison }) => comparison?.figures.filter(({ headline }) => headline) ?? []);
  const named = new Map(all.map((each) => [each.figure, each]));
  return [...named.values()].map(({ figure, prompts, protocol, unit }) => {
    return { figure, prompts, protocol, unit, id: figure.slice(0, -prompts.length - 1) };
  });
}
