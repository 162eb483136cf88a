import type { RunReport } from "../../results/report.ts";
import { accuracyColumns, detailColumns, efficiencyColumns, nameColumns, totalMs } from "./columns.ts";
import { foot, type LeftOut } from "./foot.ts";
import type { Column } from "./grid.ts";
import { fitColumns, layout } from "./layout.ts";

export type { LeftOut } from "./foot.ts";

const defaults = { width: 160, baseVariant: "sam-vit-h" };

interface TableOptions {
  readonly leftOut?: readonly LeftOut[];
  /** Characters of a line; a table that is wider is cut in two. */
  readonly width?: number;
  /** `full` adds the other stages, memory by stage, the graphs' files and accuracy by size. */
  readonly detail?: "papers" | "full";
}

/**
 * Writes plain text: a table for each dataset with one row for each variant, and a foot that says what the figures mean.
 */
export function resultTable(reports: readonly RunReport[], options: TableOptions = {}): string {
  const { leftOut = [], width = defaults.width, detail = "papers" } = options;
  const base = baseOf(reports);
  const tables = byDataset(reports).map((rows) => {
    const groups = [efficiencyColumns(rows, base), accuracyColumns(rows)];
    const details = detail === "full" ? detailColumns(rows) : [];
    const cut = (columns: readonly (readonly Column[])[]) => fitColumns(nameColumns(rows), columns, width);
    return [titleOf(rows[0]!), ...[...cut(groups), ...(details.length === 0 ? [] : cut(details))].map(layout)].join(
      "\n\n",
    );
  });
  const below = foot(reports, { base, leftOut, width });
  return [...tables, below].filter((text) => text !== "").join("\n\n");
}

/** Returns the value that `--json` prints. */
export function resultJson(
  reports: readonly RunReport[],
  leftOut: readonly LeftOut[] = [],
): { readonly runs: readonly Omit<RunReport, "metrics">[]; readonly leftOut: readonly LeftOut[] } {
  return { runs: reports.map(({ metrics: _, ...report }) => report), leftOut };
}

/**
 * Returns the row that speed-ups are over: SAM ViT-H where it was measured, else the variant that methods of other rows run
 * on (sam-nano beside sam-fast/sam-nano), else the first row that was measured. Nothing where there is no second row to
 * compare.
 */
export function baseOf(reports: readonly RunReport[]): RunReport | undefined {
  const measured = reports.filter((report) => totalMs(report) !== undefined);
  if (measured.length < 2) return undefined;
  const methods = new Set(measured.map(({ variant }) => variant.split("/")[1]));
  return (
    measured.find(({ variant }) => variant === defaults.baseVariant) ??
    measured.find(({ variant }) => methods.has(variant)) ??
    measured[0]
  );
}

/**
 * Groups reports by dataset, since figures of two datasets never stand in one table. Floors come last in their group,
 * whenever they were run.
 */
export function byDataset(reports: readonly RunReport[]): readonly (readonly RunReport[])[] {
  const groups = new Map<string, RunReport[]>();
  for (const report of reports) {
    const key = `${report.dataset} ${report.fingerprint}`;
    groups.set(key, [...(groups.get(key) ?? []), report]);
  }
  return [...groups.values()].map(floorsLast);
}

function floorsLast(reports: readonly RunReport[]): readonly RunReport[] {
  const isFloor = ({ role }: RunReport) => role === "floor";
  return [...reports.filter((each) => !isFloor(each)), ...reports.filter(isFloor)];
}

export function titleOf({ dataset, images }: RunReport): string {
  return `${dataset}, ${images.planned} image${images.planned === 1 ? "" : "s"}`;
}
