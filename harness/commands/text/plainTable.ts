import { visible } from "../../visible.ts";

/** Columns padded with spaces, numbers to the right; reads the same in a terminal, a file and a mail. */
export function plainTable(header: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(visible));
  const widths = header.map((title, i) =>
    rows.reduce((widest, row) => Math.max(widest, row[i]?.length ?? 0), title.length),
  );
  const right = header.map(
    (_, i) => rows.length > 0 && rows.every((row) => /^[-+]?[\d.,]+( ?%|x)?$|^$/.test(row[i] ?? "")),
  );
  const format = (row: readonly string[]) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [format(header), format(widths.map((width) => "-".repeat(width))), ...rows.map(format)].join("\n");
}
