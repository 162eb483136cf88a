import type { Rle, Size } from "../api.ts";

/** A stretch of one column: its rows go from `top` to `bottom`, which is not part of it. */
export interface ColumnRun {
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Returns the pixels inside a mask, or those outside, column by column, from top to bottom. A run never goes on in the next
 * column.
 */
export function columnRuns({ size, counts }: Rle, side: "inside" | "outside"): ColumnRun[] {
  const { height } = size;
  const runs: ColumnRun[] = [];
  for (let i = 0, start = 0; i < counts.length; i++) {
    const end = start + counts[i]!;
    if (i % 2 === (side === "inside" ? 1 : 0)) {
      for (let x = Math.floor(start / height), at = start; at < end; x++) {
        const bottom = Math.min(end, (x + 1) * height);
        runs.push({ x, top: at - x * height, bottom: bottom - x * height });
        at = bottom;
      }
    }
    start = end;
  }
  return runs;
}

/** Returns the mask of runs that come in the order of `columnRuns` and do not overlap. */
export function maskFromColumns(runs: readonly ColumnRun[], size: Size): Rle {
  const counts: number[] = [];
  let start = 0;
  let end = 0;
  for (const { x, top, bottom } of runs) {
    const first = x * size.height + top;
    if (first > end) {
      // Between two runs that touch there is no pixel outside: they are one.
      if (end > start) counts.push(end - start);
      counts.push(first - end);
      start = first;
    } else if (counts.length === 0) counts.push(0);
    end = x * size.height + bottom;
  }
  if (end > start) counts.push(end - start);
  const total = size.height * size.width;
  if (end < total || counts.length === 0) counts.push(total - end);
  return { size, counts: Uint32Array.from(counts) };
}

/** Returns the pixels outside the mask as a mask. */
export function complement({ size, counts }: Rle): Rle {
  if (counts[0] === 0) return { size, counts: counts.slice(1) };
  const shifted = new Uint32Array(counts.length + 1);
  shifted.set(counts, 1);
  return { size, counts: shifted };
}
