import type { Box, Rle, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { union } from "./combine.ts";

/** Steps a pixel is divided into: COCO's mask API rounds every vertex to this finer grid and draws the outline there. */
const steps = 5;
/** The step between whose column and the next one the middle of a pixel lies: only there does an outline count. */
const middle = 2;

/**
 * The union of polygons, each `[x, y, x, y, …]` in image pixels, pixel for pixel as frPyObjects and merge of COCO's mask API.
 * Parts outside the image are cut off. Throws HarnessError, naming `place` and the polygon.
 */
export function rleFromPolygons(polygons: readonly (readonly number[])[], size: Size, place = "mask"): Rle {
  if (polygons.length === 0) throw new HarnessError(`${place}: no polygon`, { expected: "at least one" });
  const masks = polygons.map((polygon, index) => {
    requirePolygon(polygon, `${place}, polygon ${index + 1} of ${polygons.length}`);
    return fill(polygon, size);
  });
  return union(masks);
}

/** The pixels of a box by the same rule as polygons, as rleFrBbox of COCO's mask API. */
export function rleFromBox({ x0, y0, x1, y1 }: Box, size: Size): Rle {
  return fill([x0, y0, x0, y1, x1, y1, x1, y0], size);
}

function requirePolygon(polygon: readonly number[], place: string): void {
  const { length } = polygon;
  if (length % 2 !== 0) {
    throw new HarnessError(`${place}: odd number of coordinates`, { found: length, expected: "x, y pairs" });
  }
  if (length < 6) {
    throw new HarnessError(`${place}: too few points`, { found: length / 2, expected: "3 or more" });
  }
  const wrong = polygon.findIndex((coordinate) => !Number.isFinite(coordinate));
  if (wrong >= 0) {
    throw new HarnessError(`${place}: coordinate ${wrong + 1} is not a number`, { found: polygon[wrong] });
  }
}

/**
 * As rleFrPoly of COCO's mask API: every crossing of the outline with the middle of a pixel column toggles inside and
 * outside from that row on. Toggles are positions down the columns, so sorting them gives the runs; the toggles of one
 * column come in pairs, and two at one position cancel.
 */
function fill(polygon: readonly number[], size: Size): Rle {
  const toggles: number[] = [];
  const vertices = polygon.map(toGrid);
  for (let i = 0; i < vertices.length; i += 2) {
    const next = (i + 2) % vertices.length;
    crossEdge(vertices[i]!, vertices[i + 1]!, vertices[next]!, vertices[next + 1]!, (column, row) => {
      const x = (column - middle) / steps;
      if (x < 0 || x >= size.width || !Number.isInteger(x)) return;
      const y = Math.ceil((row - middle) / steps);
      toggles.push(x * size.height + Math.min(Math.max(y, 0), size.height));
    });
  }
  return rleFromToggles(toggles, size);
}

/** Cut towards zero, not down, because the reference casts to int: left of the image a vertex moves by a step otherwise. */
function toGrid(coordinate: number): number {
  return Math.trunc(coordinate * steps + 0.5);
}

/** Calls back with every grid column after which the edge passes to the next one, and the upper of the rows on both sides. */
function crossEdge(xa: number, ya: number, xb: number, yb: number, cross: (column: number, row: number) => void): void {
  const [dx, dy] = [Math.abs(xb - xa), Math.abs(yb - ya)];
  // The longer axis is walked upwards whichever way the edge runs, so that two polygons sharing an edge share its pixels.
  if (dx >= dy) {
    const [x, y, end, slope] = xa <= xb ? [xa, ya, xb, (yb - ya) / dx] : [xb, yb, xa, (ya - yb) / dx];
    for (let column = firstMiddle(x); column < end; column += steps) {
      cross(column, Math.min(toCell(y, slope, column - x), toCell(y, slope, column + 1 - x)));
    }
    return;
  }
  const [x, y, slope] = ya <= yb ? [xa, ya, (xb - xa) / dy] : [xb, yb, (xa - xb) / dy];
  for (let t = 0, column = toCell(x, slope, 0); t < dy; t++) {
    const next = toCell(x, slope, t + 1);
    if (next !== column) cross(Math.min(column, next), y + t);
    column = next;
  }
}

function toCell(start: number, slope: number, distance: number): number {
  return Math.trunc(start + slope * distance + 0.5);
}

/** The first grid column from `x` on, and none left of the image, that ends in the middle of a pixel. */
function firstMiddle(x: number): number {
  return middle + steps * Math.max(0, Math.ceil((x - middle) / steps));
}

function rleFromToggles(toggles: readonly number[], size: Size): Rle {
  const total = size.height * size.width;
  const positions = Float64Array.from(toggles).sort();
  const edges: number[] = [];
  for (const position of positions) {
    if (edges.at(-1) === position) edges.pop();
    else edges.push(position);
  }
  // A toggle at the very end changes no pixel.
  if (edges.at(-1) === total) edges.pop();
  const counts = edges.map((edge, i) => edge - (edges[i - 1] ?? 0));
  counts.push(total - (edges.at(-1) ?? 0));
  return { size, counts: Uint32Array.from(counts) };
}
