import { layout } from "../../report/table/formats/layout.ts";
import type { Column } from "../../report/table/grid.ts";
import { visible } from "../../visible.ts";

/** Lays rows out in columns; a column of numbers alone is aligned to the right. */
export function plainTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return layout(
    header.map((title, i) =>
      plainColumn(
        title,
        rows.map((row) => row[i] ?? ""),
      ),
    ),
  );
}

/** Returns a column of one-line cells; one of numbers alone is aligned to the right. */
export function plainColumn(header: string, given: readonly string[]): Column {
  const cells = given.map(visible);
  const isNumeric = cells.length > 0 && cells.every((cell) => /^[-+]?[\d.,]+( ?%|x)?$|^$/.test(cell));
  return { header: [header], align: isNumeric ? "right" : "left", cells };
}
