import { units } from "../../metrics/index.ts";
import type { Breakdown, CategoryDifference } from "../../results/compare/breakdown.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import type { LatencyComparison } from "../../results/compare/latency.ts";
import {
  change,
  changeRange,
  differenceRange,
  differenceText,
  figureText,
  milliseconds,
  none,
  percent,
  pValue,
} from "../../results/compare/words.ts";
import { fitColumns, layout } from "../table/formats/layout.ts";
import type { Column } from "../table/grid.ts";

type CellOf<Row> = (row: Row) => string | undefined;

/** Returns a function that makes columns of numbers, one cell a row. */
function numbersOf<Row>(rows: readonly Row[]) {
  return (header: readonly string[], cellOf: CellOf<Row>): Column => ({
    header,
    align: "right",
    cells: rows.map((row) => cellOf(row) ?? none),
  });
}

/** Lays columns out behind those that name the rows, in several tables where one is too wide. */
export function tablesText(names: readonly Column[], columns: readonly Column[], width: number): string {
  return fitColumns(names, [columns], width)
    .map((each) => layout(each))
    .join("\n\n");
}

interface TableChoice {
  readonly width: number;
  readonly wide: boolean;
}

/**
 * Writes figures of both sides as tables, one for each unit: the difference with its interval and p value, or `wide` all that is
 * known.
 */
export function figureTables(figures: readonly FigureDifference[], choice: TableChoice): string {
  const found = [...new Set(figures.map(({ unit }) => unit))];
  return found
    .map((unit) =>
      unitTable(
        figures.filter((figure) => figure.unit === unit),
        unit,
        choice,
      ),
    )
    .join("\n\n");
}

function unitTable(
  figures: readonly FigureDifference[],
  unit: FigureDifference["unit"],
  { width, wide }: TableChoice,
): string {
  const column = numbersOf(figures);
  const { sign, differenceSign } = units[unit];
  const names: Column = { header: ["figure"], align: "left", cells: figures.map(({ figure }) => figure) };
  const first = [
    column(["A", sign], ({ a }) => figureText(a.value, unit)),
    column(["B", sign], ({ b }) => figureText(b.value, unit)),
    column(["B − A", differenceSign], ({ difference }) => differenceText(difference.value, unit)),
    column(["95 % interval", differenceSign], ({ difference }) => differenceRange(difference, unit)),
  ];
  const last = [
    column(["p, Holm"], ({ adjustedP }) => (adjustedP === undefined ? undefined : pValue(adjustedP))),
    column(["n"], ({ n }) => String(n)),
  ];
  if (!wide) return tablesText([names], [...first, ...last], width);
  const more = [
    column(["if unpaired", "±"], ({ unpaired }) => (unpaired === undefined ? undefined : figureText(unpaired, unit))),
    column(["images higher, alike, lower", "%"], ({ won }) => won && sharesText(won)),
    column(["shown from", differenceSign], ({ detectable }) =>
      detectable === undefined ? undefined : figureText(detectable, unit),
    ),
    column(["p"], ({ p }) => (p === undefined ? undefined : pValue(p))),
  ];
  const told = more.filter(({ cells }) => cells.some((cell) => cell !== none));
  return tablesText([names], [...first, ...told, ...last], width);
}

function sharesText({ higher, alike, lower }: NonNullable<FigureDifference["won"]>): string {
  return [higher, alike, lower].map((share) => (100 * share).toFixed(0)).join(" / ");
}

/** Writes the stages of both sides as a table. */
export function latencyTable({ stages }: LatencyComparison): string {
  const column = numbersOf(stages);
  return layout([
    { header: ["latency"], align: "left", cells: stages.map(({ stage }) => stage) },
    column(["A", "ms"], ({ aMs }) => milliseconds(aMs)),
    column(["B", "ms"], ({ bMs }) => milliseconds(bMs)),
    column(["B over A", "%"], ({ ratio }) => change(ratio.value)),
    column(["95 % interval", "%"], ({ ratio }) => changeRange(ratio)),
    column(["A over A", "± %"], ({ noise }) => (noise === undefined ? undefined : percent(noise))),
    column(["rounds"], ({ rounds }) => String(rounds)),
  ]);
}

/** Writes the categories that lost and gained most; nothing where none did either. */
export function categoryTable({ prompts, worst, best }: Breakdown): string {
  if (worst.length + best.length === 0) return "";
  const rows: readonly CategoryDifference[] = [...worst, ...best];
  const ends = [...worst.map(() => "lost most"), ...best.map(() => "gained most")];
  const column = numbersOf(rows);
  return layout([
    { header: [`mIoU, ${prompts}`], align: "left", cells: ends },
    { header: ["category"], align: "left", cells: rows.map(({ name }) => name) },
    column(["A", "%"], ({ a }) => percent(a)),
    column(["B", "%"], ({ b }) => percent(b)),
    column(["B − A", "points"], ({ difference }) => differenceText(difference.value, "fraction")),
    column(["95 % interval", "points"], ({ difference }) => differenceRange(difference, "fraction")),
    column(["p, Holm"], ({ adjustedP }) => (adjustedP === undefined ? undefined : pValue(adjustedP))),
    column(["n"], ({ n }) => String(n)),
  ]);
}
