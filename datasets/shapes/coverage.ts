import type { Size } from "../../harness/api.ts";
import type { Contour } from "./outline.ts";

/** Share of each pixel that lies inside an outline, 0 … 1, row-major within a box of whole pixels. */
export interface Coverage {
  readonly x0: number;
  readonly y0: number;
  readonly size: Size;
  readonly alpha: Float32Array;
}

/** Number of lines that sample a pixel row; along a line coverage is exact. */
const linesPerRow = 4;

/**
 * Returns the coverage of contours by the even-odd rule: a contour inside another is a hole. It is cut to the image; undefined
 * if nothing of it lies inside.
 */
export function coverageOf(contours: readonly Contour[], image: Size): Coverage | undefined {
  const box = boundsOf(contours, image);
  if (box === undefined) return undefined;
  const { x0, y0, size } = box;
  const alpha = new Float32Array(size.height * size.width);
  const crossings: number[] = [];
  for (let line = 0; line < size.height * linesPerRow; line++) {
    const y = y0 + (line + 0.5) / linesPerRow;
    findCrossings(contours, y, crossings);
    const row = alpha.subarray(Math.floor(line / linesPerRow) * size.width).subarray(0, size.width);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      addSpan(row, crossings[i]! - x0, crossings[i + 1]! - x0);
    }
  }
  return { x0, y0, size, alpha };
}

function boundsOf(contours: readonly Contour[], image: Size): Omit<Coverage, "alpha"> | undefined {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const contour of contours) {
    for (let i = 0; i < contour.length; i++) {
      low[i % 2] = Math.min(low[i % 2]!, contour[i]!);
      high[i % 2] = Math.max(high[i % 2]!, contour[i]!);
    }
  }
  const x0 = Math.max(0, Math.floor(low[0]!));
  const y0 = Math.max(0, Math.floor(low[1]!));
  const width = Math.min(image.width, Math.ceil(high[0]!)) - x0;
  const height = Math.min(image.height, Math.ceil(high[1]!)) - y0;
  return width > 0 && height > 0 ? { x0, y0, size: { height, width } } : undefined;
}

function findCrossings(contours: readonly Contour[], y: number, crossings: number[]): void {
  crossings.length = 0;
  for (const contour of contours) {
    let ax = contour.at(-2)!;
    let ay = contour.at(-1)!;
    for (let i = 0; i < contour.length; i += 2) {
      const bx = contour[i]!;
      const by = contour[i + 1]!;
      if (ay <= y !== by <= y) crossings.push(ax + ((y - ay) / (by - ay)) * (bx - ax));
      ax = bx;
      ay = by;
    }
  }
  crossings.sort((a, b) => a - b);
}

/** Adds one line's share of every pixel between two places; mutates row. */
function addSpan(row: Float32Array, from: number, to: number): void {
  const start = Math.max(0, from);
  const end = Math.min(row.length, to);
  if (end <= start) return;
  const share = 1 / linesPerRow;
  const first = Math.floor(start);
  const last = Math.min(row.length - 1, Math.floor(end));
  if (first === last) {
    row[first]! += share * (end - start);
    return;
  }
  row[first]! += share * (first + 1 - start);
  for (let x = first + 1; x < last; x++) row[x]! += share;
  row[last]! += share * (end - last);
}
