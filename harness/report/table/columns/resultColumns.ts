import { unknown } from "../../../errors.ts";
import { absentNames, figureIn, type RunReport, type Score } from "../../../results/report.ts";
import { promptsText, scaledText, scoreText } from "../cellText.ts";
import { none } from "../grid.ts";
import { metricsIn, mixesUpscaling, type ScoredPrompts, scoredPrompts, sharedFileNames } from "./columns.ts";
import { everythingColumns } from "./everythingColumns.ts";
import type { PlainColumn, Shown } from "./plainColumn.ts";
import { plainColumns } from "./plainColumns.ts";
import type { ResultColumn } from "./resultColumn.ts";

export type { ResultColumn };

/** The columns that are asked for: those of the first table, more, all, or these ids. */
export type ColumnChoice = Shown | readonly string[];

/** Returns the columns that the choice names, in their order. Throws HarnessError for an id that is no column of these runs. */
export function resultColumns(
  reports: readonly RunReport[],
  base: RunReport | undefined,
  choice: ColumnChoice = "first",
): readonly ResultColumn[] {
  if (typeof choice !== "string") return namedColumns(everyColumn(reports, base), choice);
  // What a run of an earlier version lacks stays in the table, so that the reason below it has a place to point at.
  const lacked = reports.flatMap(({ absent = {} }) => Object.keys(absent)).map((field) => absentNames[field]);
  return everyColumn(reports, base, choice).filter(
    ({ header, shown, cells }) =>
      isWithin(shown, choice) && (cells.some((cell) => cell !== none) || lacked.includes(header[0])),
  );
}

const ranks: Readonly<Record<Shown, number>> = { first: 0, wide: 1, all: 2 };

function isWithin(shown: Shown, table: Shown): boolean {
  return ranks[shown] <= ranks[table];
}

/** Returns every column that these runs can have in a table, also those without a figure. */
export function everyColumn(
  reports: readonly RunReport[],
  base: RunReport | undefined,
  table: Shown = "all",
): readonly ResultColumn[] {
  const accuracy = scoredPrompts(reports).flatMap((prompts) => accuracyOf(prompts, reports, table));
  const context = { base, mixesUpscaling: mixesUpscaling(reports) };
  const plain = plainColumns.filter(({ shown }) => isWithin(shown, table));
  const efficiency = plain.map(({ value, cell, ...column }): ResultColumn => {
    const values = reports.map((report) => value(report, context));
    const texts = reports.map(
      (report, row) => (cell === undefined ? undefined : cell(report, context)) ?? plainText(cell, values[row]),
    );
    return { ...column, kind: "efficiency", align: "right", values, cells: texts };
  });
  return [...nameColumns(reports), ...accuracy, ...efficiency, ...everythingColumns(reports, table)];
}

function plainText(cell: PlainColumn["cell"], value: number | undefined): string {
  return cell !== undefined || value === undefined ? none : scaledText(value);
}

function namedColumns(all: readonly ResultColumn[], ids: readonly string[]): readonly ResultColumn[] {
  const known = all.map(({ id }) => id);
  const named = ids.map((id) => {
    const found = all.find((column) => column.id === id);
    if (found === undefined) throw unknown("column", id, known);
    return found;
  });
  // Rows have a name, whatever is asked for.
  return ids.includes("variant") ? named : [all[0]!, ...named];
}

/** Returns the columns that name a row: the variant, with a mark where its run is not finished, and its weights. */
export function nameColumns(reports: readonly RunReport[]): readonly ResultColumn[] {
  return [
    {
      id: "variant",
      kind: "name",
      header: ["variant"],
      align: "left",
      shown: "first",
      cells: reports.map(({ variant, status }) => (status === "done" ? variant : `${variant} †`)),
    },
    {
      id: "weights",
      kind: "name",
      header: ["weights"],
      align: "left",
      shown: "first",
      cells: weightsCells(reports),
    },
  ];
}

/**
 * Says what the weights of each row are. Where one variant has several rows, the cell names the file, and the beginning of its
 * hash where two files have one name.
 */
function weightsCells(reports: readonly RunReport[]): readonly string[] {
  const shared = sharedFileNames(reports);
  const hashes = new Map<string, Set<string | undefined>>();
  const kindOf = ({ variant, weights }: RunReport) => `${variant} ${weights}`;
  for (const report of reports)
    hashes.set(kindOf(report), (hashes.get(kindOf(report)) ?? new Set()).add(report.weightsSha256));
  return reports.map((report) => {
    const { weights, weightsLabel, weightsSha256, role } = report;
    if (role === "floor") return "floor";
    if (hashes.get(kindOf(report))?.size === 1) return weights;
    return shared.has(weightsLabel) ? `${weightsLabel} ${weightsSha256!.slice(0, 8)}` : weightsLabel;
  });
}

/** Returns the figures of one prompts name and protocol: the headline in the first table, the others and the parts later. */
function accuracyOf(prompts: ScoredPrompts, reports: readonly RunReport[], table: Shown): readonly ResultColumn[] {
  const { name, protocol, shared } = prompts;
  const place = shared ? `${name}.${protocol}` : name;
  const under = shared ? `${promptsText(name)}, ${protocol}` : promptsText(name);
  const scoresOf = (id: string) => reports.map((report) => figureIn(report.prompts[name], protocol, id));
  let shown: Shown = "first";
  return metricsIn(reports).flatMap((metric) => {
    const { headline, better, columns, parts = [] } = metric;
    const column = (id: string, title: string, column: Pick<ResultColumn, "id" | "shown">): ResultColumn[] => {
      if (!isWithin(column.shown, table)) return [];
      const scores = scoresOf(id);
      if (scores.every((score) => score === undefined)) return [];
      return [{ ...column, kind: "accuracy", header: [title, under], align: "right", better, ...scoreCells(scores) }];
    };
    const own = columns.flatMap(({ id, title }) => {
      const first = shown === "first" && (id === headline || !columns.some((other) => other.id === headline));
      return column(id, title, { id: `${id}.${place}`, shown: first ? "first" : "wide" });
    });
    // One figure for each prompts name is enough for a first look: that of the first metric that has one.
    if (own.some((each) => each.shown === "first")) shown = "wide";
    return [
      ...own,
      ...parts.flatMap(({ id, title }) => column(id, title, { id: `${headline}.${place}.${id}`, shown: "all" })),
    ];
  });
}

/** Returns cells and values; n stands in the cells where rows differ in it. */
function scoreCells(scores: readonly (Score | undefined)[]): Pick<ResultColumn, "cells" | "values"> {
  const counts = new Set(scores.flatMap((score) => (score === undefined ? [] : [score.n])));
  const n = counts.size > 1 ? "with n" : "without n";
  return {
    cells: scores.map((score) => (score === undefined ? none : scoreText(score, n))),
    values: scores.map((score) => score?.value),
  };
}
