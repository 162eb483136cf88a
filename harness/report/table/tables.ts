import { unknown } from "../../errors.ts";
import type { RunReport } from "../../results/report.ts";
import { processor, providerParts } from "../../store/rowName.ts";
import { totalMs } from "./columns/columns.ts";
import { type ColumnChoice, everyColumn, type ResultColumn, resultColumns } from "./columns/resultColumns.ts";
import { firstNotes, legend, type NextSteps } from "./firstNotes.ts";
import { foot, type LeftOut, licenceLines } from "./foot.ts";
import { fitColumns, layout, type SignStyle, signedWidth, widthBeside, wrap } from "./formats/layout.ts";
import { none } from "./grid.ts";
import { headLines } from "./headLines.ts";
import { markedColumns } from "./marking.ts";

export type { LeftOut } from "./foot.ts";
export { titleOf } from "./headLines.ts";

const defaults = { width: 160, baseVariant: "sam-vit-h" };

/** What the user chose of a table: its columns, the order of its rows, and whether all notes stand below it. */
export interface TableChoice {
  readonly columns?: ColumnChoice | undefined;
  /** Id of the column that rows are sorted by, the best first. */
  readonly sort?: string | undefined;
  readonly notes?: "first" | "all" | undefined;
}

export interface TableOptions extends TableChoice, Partial<NextSteps> {
  /** Characters of a line: the first table leaves columns out to fit, others are cut in two. */
  readonly width?: number | undefined;
  readonly style?: SignStyle | undefined;
}

/** Columns that stay in the first table when a terminal is narrow, beside the first accuracy. */
const kept: ReadonlySet<string> = new Set(["variant", "weights", "total", "memory"]);

/**
 * Writes plain text: a table for each dataset with one row for each variant, and below it the notes that matter most, or all of
 * them.
 */
export function resultTable(reports: readonly RunReport[], options: TableOptions = {}): string {
  const {
    width = defaults.width,
    style = "characters",
    columns: choice = "first",
    notes = "first",
    leftOut = [],
  } = options;
  const base = baseOf(reports);
  const marked = byDataset(reports, options.sort, base).map((rows) => ({
    rows,
    columns: markedColumns(resultColumns(rows, base, choice), rows),
  }));
  const tables = marked.map(({ rows, columns }) => {
    const head = headLines(rows).map((line) => wrap(line, width, "  "));
    const shown = choice === "first" ? [fitted(columns, width, style)] : cut(columns, width);
    return [head.join("\n"), ...shown.map((each) => layout(each, style))].join("\n\n");
  });
  const signs = legend(
    marked.flatMap(({ columns }) => columns),
    style,
  );
  const below =
    notes === "all"
      ? foot(reports, { base, leftOut, width })
      : [...firstNotes(reports, { ...options, leftOut }), ...licenceLines(reports)]
          .map((line) => wrap(line, width, "  "))
          .join("\n");
  const last = [...tables.slice(-1), ...(signs === undefined ? [] : [wrap(signs, width, "  ")])].join("\n");
  return [...tables.slice(0, -1), last, below].filter((text) => text !== "").join("\n\n");
}

/** Leaves columns out from the right until the table fits; what a reader needs most goes last. */
function fitted(columns: readonly ResultColumn[], width: number, style: SignStyle): readonly ResultColumn[] {
  const accuracy = columns.find(({ kind }) => kind === "accuracy");
  const isKept = (column: ResultColumn) => kept.has(column.id) || column === accuracy;
  const widths = new Map(columns.map((column) => [column, signedWidth(column, style)]));
  let shown = columns;
  while (widthBeside(shown.map((column) => widths.get(column) ?? 0)) > width && shown.length > 1) {
    const dropped = shown.findLast((column) => !isKept(column)) ?? shown.at(-1)!;
    shown = shown.filter((column) => column !== dropped);
  }
  return shown;
}

function cut(columns: readonly ResultColumn[], width: number): readonly (readonly ResultColumn[])[] {
  const isName = ({ kind }: ResultColumn) => kind === "name";
  const others = columns.filter((column) => !isName(column)).map((column) => [column]);
  return fitColumns(columns.filter(isName), others, width) as readonly (readonly ResultColumn[])[];
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
 * on (sam-nano beside sam-fast/sam-nano), else the first row that was measured. Rows on the processor come before those on other
 * providers. Nothing where there is no second row to compare.
 */
export function baseOf(reports: readonly RunReport[]): RunReport | undefined {
  const measured = reports.filter((report) => totalMs(report) !== undefined);
  if (measured.length < 2) return undefined;
  const onProcessor = measured.filter(({ variant }) => providerParts(variant).provider === processor);
  const rows = onProcessor.length === 0 ? measured : onProcessor;
  const nameOf = ({ variant }: RunReport) => providerParts(variant).row;
  const methods = new Set(rows.map((report) => nameOf(report).split("/")[1]));
  return (
    rows.find((report) => nameOf(report) === defaults.baseVariant) ??
    rows.find((report) => methods.has(nameOf(report))) ??
    rows[0]
  );
}

/**
 * Groups reports by dataset, since figures of two datasets never stand in one table. In each group floors stand below the
 * models, and seeded rows below all: they have no accuracy. `sort` orders the rows of each kind, the best first.
 */
export function byDataset(
  reports: readonly RunReport[],
  sort?: string,
  base: RunReport | undefined = baseOf(reports),
): readonly (readonly RunReport[])[] {
  const groups = new Map<string, RunReport[]>();
  for (const report of reports) {
    const key = `${report.dataset} ${report.fingerprint}`;
    groups.set(key, [...(groups.get(key) ?? []), report]);
  }
  return [...groups.values()].map((rows) => {
    const ordered = sort === undefined ? rows : sorted(rows, sort, base);
    return ordered.toSorted((a, b) => placeOf(a) - placeOf(b));
  });
}

function placeOf({ role, weights }: RunReport): number {
  if (weights === "seeded") return 2;
  return role === "floor" ? 1 : 0;
}

/** Sorts rows by a column, the best first; rows without the figure come last. Throws HarnessError for an unknown column. */
function sorted(rows: readonly RunReport[], id: string, base: RunReport | undefined): readonly RunReport[] {
  const columns = everyColumn(rows, base);
  const column = columns.find((each) => each.id === id);
  if (column === undefined)
    throw unknown(
      "column",
      id,
      columns.map((each) => each.id),
    );
  const { values, cells, better } = column;
  const compare = (a: number, b: number) => {
    if (values === undefined || cells[a] === none || cells[b] === none)
      return Number(cells[a] === none) - Number(cells[b] === none) || cells[a]!.localeCompare(cells[b]!, "en");
    const rise = (values[a] ?? Number.POSITIVE_INFINITY) - (values[b] ?? Number.POSITIVE_INFINITY);
    return better === "higher" ? -rise : rise;
  };
  return rows
    .map((_, row) => row)
    .toSorted(compare)
    .map((row) => rows[row]!);
}
