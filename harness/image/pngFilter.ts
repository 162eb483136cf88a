import { HarnessError } from "../errors.ts";

export interface FilteredRows {
  /** Bytes of a row: the filter's byte and the pixels'. */
  readonly bytesOfRow: number;
  readonly bytesOfPixel: number;
  /** Name of the file in messages. */
  readonly file: string;
}

/**
 * Undoes the filter of each row in place: every row begins with its filter's number, which stays.
 * Source: PNG (third edition), 9.2. Throws HarnessError for a filter that there is not.
 */
export function undoFilters(rows: Buffer, { bytesOfRow, bytesOfPixel, file }: FilteredRows): void {
  for (let start = 0; start < rows.length; start += bytesOfRow) {
    const filter = rows[start]!;
    if (filter > 4) {
      throw new HarnessError(`${file}: is no PNG that can be read`, {
        found: `a row with filter ${filter}`,
        expected: "0 to 4",
        hint: "masks are indexed or grey PNG files",
      });
    }
    if (filter !== 0) undoRow(rows, { start: start + 1, end: start + bytesOfRow, filter, bytesOfPixel, bytesOfRow });
  }
}

interface Row {
  readonly start: number;
  readonly end: number;
  readonly filter: number;
  readonly bytesOfPixel: number;
  readonly bytesOfRow: number;
}

/** Predicts a byte from the bytes on the left, above, and above on the left; outside of the picture they are 0. */
function undoRow(rows: Buffer, { start, end, filter, bytesOfPixel, bytesOfRow }: Row): void {
  const first = start < bytesOfRow;
  for (let at = start; at < end; at++) {
    const inside = at - bytesOfPixel >= start;
    const left = inside ? rows[at - bytesOfPixel]! : 0;
    const above = first ? 0 : rows[at - bytesOfRow]!;
    if (filter === 1) rows[at]! += left;
    else if (filter === 2) rows[at]! += above;
    else if (filter === 3) rows[at]! += (left + above) >> 1;
    else rows[at]! += nearest(left, above, inside && !first ? rows[at - bytesOfRow - bytesOfPixel]! : 0);
  }
}

/** Predicts by Paeth's rule: whichever of the three is nearest to left + above - corner; the first of equals. */
function nearest(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
