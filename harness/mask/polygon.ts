import type { Box, Rle, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";
import { grown } from "./columns.ts";
import { union } from "./combine.ts";
import type { RunTable } from "./runTable.ts";

/**
 * Number of steps that a pixel is divided into: COCO's mask API rounds every vertex to this finer grid and draws the outline
 * there.
 */
const steps = 5;
/** The middle of a pixel lies between the column of this step and the next one: only there does an outline count. */
const middle = 2;

/**
 * Returns the union of polygons, each `[x, y, x, y, …]` in image pixels, pixel for pixel as frPyObjects and merge of COCO's
 * mask API: a last coordinate without its pair is passed over, and a part of one or two points has no pixel. Parts outside the
 * image are cut off; time and memory grow with the outline inside and the number of points.
 * Throws HarnessError, naming `place` and the polygon, for no polygon and for a coordinate that is none or far outside.
 */
export function rleFromPolygons(polygons: readonly ArrayLike<number>[], size: Size, place = "mask"): Rle {
  if (polygons.length === 0) throw new HarnessError(`${place}: no polygon`, { expected: "at least one" });
  const masks = polygons.map((polygon, index) => {
    requireCoordinates(polygon, () => `${place}, polygon ${index + 1} of ${polygons.length}`);
    return fill(polygon, size);
  });
  return union(masks);
}

/**
 * Puts the pixels of one polygon into a table of runs and returns the mask's index there: it is the mask that `rleFromPolygons`
 * makes of it. Throws as that does.
 */
export function drawPolygon(polygon: ArrayLike<number>, size: Size, into: RunTable): number {
  requireCoordinates(polygon, () => "mask, polygon 1 of 1");
  if (size.width === 0) return into.add(fillWithoutWidth(polygon, size));
  cross(polygon, size);
  return toggles.finishInto(into);
}

/**
 * Returns the pixels of a box by the same rule as polygons, as rleFrBbox of COCO's mask API. Sides of any length are cut at the
 * image's.
 */
export function rleFromBox({ x0, y0, x1, y1 }: Box, size: Size): Rle {
  const left = within(x0, size.width);
  const right = within(x1, size.width);
  const top = within(y0, size.height);
  const bottom = within(y1, size.height);
  return fill([left, top, left, bottom, right, bottom, right, top], size);
}

/**
 * Cuts a coordinate at one pixel beyond the image, which changes no pixel inside because edges of boxes run along rows and
 * columns. An image without pixels has no sides.
 */
function within(coordinate: number, side: number): number {
  return Math.min(Math.max(coordinate, -1), side === 0 ? limits.polygonCoordinatePx : side + 1);
}

function requireCoordinates(polygon: ArrayLike<number>, place: () => string): void {
  for (let i = 0; i < polygon.length; i++) {
    const coordinate = polygon[i]!;
    if (Math.abs(coordinate) <= limits.polygonCoordinatePx) continue;
    const far = Number.isFinite(coordinate);
    throw new HarnessError(`${place()}: coordinate ${i + 1} is ${far ? "far outside of any image" : "not a number"}`, {
      found: coordinate,
      expected: far ? `-${limits.polygonCoordinatePx} to ${limits.polygonCoordinatePx} px` : undefined,
    });
  }
}

/**
 * Fills a polygon as rleFrPoly of COCO's mask API: every crossing of the outline with the middle of a pixel column toggles
 * inside and outside from that row on. Toggles are positions down the columns, so sorting them gives the runs; the toggles of
 * one column come in pairs, and two at one position cancel.
 */
function fill(polygon: ArrayLike<number>, size: Size): Rle {
  if (size.width === 0) return fillWithoutWidth(polygon, size);
  cross(polygon, size);
  return toggles.finish();
}

/** Toggles along all edges of a polygon. */
function cross(polygon: ArrayLike<number>, size: Size): void {
  toggles.start(size);
  const paired = polygon.length - (polygon.length % 2);
  let xa = toGrid(polygon[paired - 2] ?? 0);
  let ya = toGrid(polygon[paired - 1] ?? 0);
  for (let i = 0; i < paired; i += 2) {
    const xb = toGrid(polygon[i]!);
    const yb = toGrid(polygon[i + 1]!);
    crossEdge(xa, ya, xb, yb);
    xa = xb;
    ya = yb;
  }
}

/**
 * Fills a polygon on an image of no width as rleFrPoly does, which does not check for it: no column is outside, and inside and
 * outside are exchanged up to the last toggle.
 */
function fillWithoutWidth(polygon: ArrayLike<number>, size: Size): Rle {
  let right = 0;
  for (let i = 0; i + 1 < polygon.length; i += 2) right = Math.max(right, Math.ceil(polygon[i]!));
  const { counts } = fill(polygon, { height: size.height, width: right + 1 });
  const toLast = Array.from(counts.subarray(0, -1));
  return { size, counts: Uint32Array.from(toLast[0] === 0 ? toLast.slice(1) : [0, ...toLast]) };
}

/**
 * Rounds a coordinate to the finer grid. It cuts towards zero, not down, because the reference casts to int: left of the image
 * a vertex moves by a step otherwise.
 */
function toGrid(coordinate: number): number {
  return Math.trunc(coordinate * steps + 0.5);
}

/**
 * Toggles at every middle of a pixel column that the edge passes, at the upper of the rows on both sides.
 * The longer axis is walked upwards whichever way the edge runs, so that two polygons sharing an edge share its pixels.
 */
function crossEdge(xa: number, ya: number, xb: number, yb: number): void {
  const dx = Math.abs(xb - xa);
  const dy = Math.abs(yb - ya);
  if (dx >= dy) {
    if (xa <= xb) crossFlat(xa, ya, xb, (yb - ya) / dx);
    else crossFlat(xb, yb, xa, (ya - yb) / dx);
  } else if (ya <= yb) crossSteep(xa, ya, dy, (xb - xa) / dy);
  else crossSteep(xb, yb, dy, (xa - xb) / dy);
}

function crossFlat(x: number, y: number, end: number, slope: number): void {
  const stop = Math.min(end, toggles.right());
  for (let column = firstMiddle(x); column < stop; column += steps) {
    toggles.add(column, Math.min(toCell(y, slope, column - x), toCell(y, slope, column + 1 - x)));
  }
}

/**
 * Toggles along a steep edge. It looks only for the steps at which the edge passes a middle: about where the division says, and
 * exactly where the rounded column changes, which it does in one direction alone.
 */
function crossSteep(x: number, y: number, dy: number, slope: number): void {
  const end = toCell(x, slope, dy);
  const right = Math.min(Math.max(x, end), toggles.right());
  for (let column = firstMiddle(Math.min(x, end)); column < right; column += steps) {
    let step = Math.min(Math.max(Math.ceil((column + 0.5 - x) / slope), 1), dy);
    if (slope > 0) {
      while (step > 1 && toCell(x, slope, step - 1) > column) step--;
      while (toCell(x, slope, step) <= column) step++;
    } else {
      while (step > 1 && toCell(x, slope, step - 1) <= column) step--;
      while (toCell(x, slope, step) > column) step++;
    }
    toggles.add(column, y + step - 1);
  }
}

function toCell(start: number, slope: number, distance: number): number {
  return Math.trunc(start + slope * distance + 0.5);
}

/** Returns the first grid column from `x` on, and none left of the image, that ends in the middle of a pixel. */
function firstMiddle(x: number): number {
  return middle + steps * Math.max(0, Math.ceil((x - middle) / steps));
}

/** Collects the toggles of one polygon; its memory is kept for the next. */
class Toggles {
  #positions = new Uint32Array(1 << 10);
  #columns = new Uint32Array(1 << 10);
  #sorted = new Uint32Array(1 << 10);
  /**
   * Number of toggles of each column, then the place where the next one goes; it is 0 outside of the columns from the first to
   * the last with a toggle.
   */
  #places = new Uint32Array(0);
  #firstColumn = 0;
  #lastColumn = -1;
  #count = 0;
  #size: Size = { height: 0, width: 0 };

  start(size: Size): void {
    this.#size = size;
    this.#count = 0;
    this.#places.fill(0, this.#firstColumn, this.#lastColumn + 1);
    this.#places = grown(this.#places, size.width);
    this.#firstColumn = size.width;
    this.#lastColumn = -1;
  }

  /** Returns the column of the finer grid that lies behind the image. */
  right(): number {
    return this.#size.width * steps;
  }

  /** `column` and `row` are of the finer grid. */
  add(column: number, row: number): void {
    const { height } = this.#size;
    const x = (column - middle) / steps;
    const y = Math.ceil((row - middle) / steps);
    if (this.#count === this.#positions.length) {
      this.#positions = grown(this.#positions, 2 * this.#count);
      this.#columns = grown(this.#columns, 2 * this.#count);
    }
    this.#places[x]!++;
    if (x < this.#firstColumn) this.#firstColumn = x;
    if (x > this.#lastColumn) this.#lastColumn = x;
    this.#columns[this.#count] = x;
    this.#positions[this.#count++] = x * height + Math.min(Math.max(y, 0), height);
  }

  finish(): Rle {
    const kept = this.#cancel();
    const counts = new Uint32Array(kept + 1);
    this.#writeRuns(counts, 0, kept);
    return { size: this.#size, counts };
  }

  /** Puts the mask into a table and returns its index there. */
  finishInto(table: RunTable): number {
    const kept = this.#cancel();
    const { runs, first } = table.room(kept + 1);
    const areaPx = this.#writeRuns(runs, first, kept);
    return table.commit(kept + 1, areaPx, this.#size.height * this.#size.width);
  }

  /** Sorts the toggles and takes out those that change no pixel; returns the number of those that are left. */
  #cancel(): number {
    const edges = this.#sort();
    // In place: what is left of the sorted toggles is never more than has been read of them.
    let kept = 0;
    const count = this.#count;
    for (let i = 0; i < count; i++) {
      const edge = edges[i]!;
      if (kept > 0 && edges[kept - 1] === edge) kept--;
      else edges[kept++] = edge;
    }
    // A toggle at the very end changes no pixel.
    return kept > 0 && edges[kept - 1] === this.#size.height * this.#size.width ? kept - 1 : kept;
  }

  /** Writes the runs between the toggles that are left, from `first` on, and returns the number of pixels inside. */
  #writeRuns(runs: Uint32Array, first: number, kept: number): number {
    const edges = this.#sorted;
    const total = this.#size.height * this.#size.width;
    let before = 0;
    let areaPx = 0;
    for (let i = 0; i < kept; i++) {
      const edge = edges[i]!;
      runs[first + i] = edge - before;
      if (i % 2 === 1) areaPx += edge - before;
      before = edge;
    }
    runs[first + kept] = total - before;
    return kept % 2 === 1 ? areaPx + total - before : areaPx;
  }

  /** Sorts by column, then by insertion among the few of one column. */
  #sort(): Uint32Array {
    const count = this.#count;
    const sorted = grown(this.#sorted, count);
    const places = this.#places;
    const columns = this.#columns;
    const positions = this.#positions;
    this.#sorted = sorted;
    for (let x = this.#firstColumn, next = 0; x <= this.#lastColumn; x++) {
      const here = places[x]!;
      places[x] = next;
      next += here;
    }
    for (let i = 0; i < count; i++) sorted[places[columns[i]!]!++] = positions[i]!;
    for (let i = 1; i < count; i++) {
      const position = sorted[i]!;
      let to = i;
      for (; to > 0 && sorted[to - 1]! > position; to--) sorted[to] = sorted[to - 1]!;
      sorted[to] = position;
    }
    return sorted;
  }
}

// One for all polygons: with memory of its own for each, drawing 36,781 polygons takes 0.72 s in place of 0.28 s.
const toggles = new Toggles();
