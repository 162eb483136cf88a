/** Columns padded with spaces, numbers to the right; reads the same in a terminal, a file and a mail. */
export function plainTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
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
