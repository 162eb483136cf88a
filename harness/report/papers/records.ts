import type { ComparedCell, ComparedRow, Comparison } from "./compare.ts";
import type { PaperColumn } from "./paper.ts";

type Field = (cell: ComparedCell, row: ComparedRow, column: PaperColumn, of: Comparison) => string | number | undefined;

/** Fields of a record: a published value and what stands beside it, in the column's unit. */
const fields: Readonly<Record<string, Field>> = {
  table: (_, __, ___, { id }) => id,
  system: (_, { system }) => system,
  configuration: (_, { config }) => config,
  column: (_, __, { id }) => id,
  unit: ({ unit }) => unit,
  published: ({ published }) => published,
  variant: ({ variant }) => variant,
  ours: ({ ours }) => ours?.value,
  low: ({ ours }) => ours?.low,
  high: ({ ours }) => ours?.high,
  n: ({ ours }) => ours?.n,
  images: ({ ours }) => ours?.images,
  extent: ({ ours }) => ours?.extent,
  difference: ({ difference }) => difference,
  run: ({ ours }) => ours?.run,
  protocol: ({ protocol }) => protocol,
  command: ({ fill }, _, __, { fills }) => (fill === undefined ? undefined : fills[fill - 1]!.command),
};

/** Returns one record for each cell, and before them one of names: tidy data for spreadsheets and data frames. */
export function comparisonRecords(comparison: Comparison): readonly (readonly (string | number | undefined)[])[] {
  const records = comparison.rows.flatMap((row) =>
    comparison.columns.flatMap((column) => {
      const cell = row.cells[column.id];
      return cell === undefined ? [] : [Object.values(fields).map((field) => field(cell, row, column, comparison))];
    }),
  );
  return [Object.keys(fields), ...records];
}
