import type { Column } from "../../report/table/grid.ts";
import { layout } from "../../report/table/layout.ts";
import { visible } from "../../visible.ts";

/** Lays rows out in columns; a column of numbers alone is aligned to the right. */
export function plainTable(header: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(visible));
  const columns = header.map((title, i): Column => {
    const cells = rows.map((row) => row[i] ?? "");
    const isNumeric = cells.length > 0 && cells.every((cell) => /^[-+]?[\d.,]+( ?%|x)?$|^$/.test(cell));
    return { header: [title], align: isNumeric ? "right" : "left", cells };
  });
  return layout(columns);
}
