import type { Rle } from "../api.ts";
import { decodeRle } from "./rle.ts";

/** Steps right, down, left and up: each is a turn to the right of the one before. */
const steps = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/**
 * Returns the borders of a mask as closed polygons `[x, y, x, y, …]` along the edges of its pixels, in image pixels. They go
 * round the mask's pieces clockwise and round their holes the other way. Pieces that touch at a corner alone are apart. With a
 * tolerance, corners are left out that lie no further than that from the line that stays.
 */
export function outlinesOf(mask: Rle, tolerancePx = 0): readonly (readonly number[])[] {
  const borders = bordersOf(mask);
  const outlines: (readonly number[])[] = [];
  for (const [start, directions] of borders)
    while (directions.length > 0) {
      const corners = follow(borders, start, mask.size.width + 1);
      outlines.push(tolerancePx === 0 ? corners : simplified(corners, tolerancePx));
    }
  return outlines;
}

/** Map from the corner of a pixel to the directions in which a border leaves it, with the mask on its right. */
type Borders = Map<number, number[]>;

function bordersOf(mask: Rle): Borders {
  const { height, width } = mask.size;
  const bitmap = decodeRle(mask);
  const inside = (x: number, y: number) => x >= 0 && x < width && y >= 0 && y < height && bitmap[y * width + x] === 1;
  const borders: Borders = new Map();
  const add = (x: number, y: number, direction: number) => {
    const corner = y * (width + 1) + x;
    const known = borders.get(corner);
    if (known === undefined) borders.set(corner, [direction]);
    else known.push(direction);
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (bitmap[y * width + x] === 0) continue;
      if (!inside(x, y - 1)) add(x, y, 0);
      if (!inside(x + 1, y)) add(x + 1, y, 1);
      if (!inside(x, y + 1)) add(x + 1, y + 1, 2);
      if (!inside(x - 1, y)) add(x, y + 1, 3);
    }
  return borders;
}

/** Takes one closed border out of those that are left. It keeps only corners, and `start` comes first if it is one. */
function follow(borders: Borders, start: number, columns: number): number[] {
  const corners: number[] = [];
  const first = borders.get(start)!.at(-1)!;
  let at = start;
  let direction = first;
  do {
    const [dx, dy] = steps[direction]!;
    at += dx + dy * columns;
    const next = takeNext(borders.get(at)!, direction);
    if (next !== direction) corners.push(at % columns, Math.floor(at / columns));
    direction = next;
    // A border may touch itself where it starts, and goes on there.
  } while (at !== start || direction !== first);
  return [...corners.slice(-2), ...corners.slice(0, -2)];
}

/** Takes the next direction of a border. Where two borders meet at a corner, the one to the right stays with the same piece. */
function takeNext(leaving: number[], direction: number): number {
  const right = (direction + 1) % 4;
  const at = leaving.length > 1 ? leaving.indexOf(right) : 0;
  return leaving.splice(at, 1)[0]!;
}

/**
 * Leaves corners out. The closed line is cut in two at the two corners that are about the furthest apart. Source: Douglas and
 * Peucker, 1973.
 */
function simplified(corners: readonly number[], tolerance: number): readonly number[] {
  const count = corners.length / 2;
  if (count <= 4) return corners;
  const distance = (i: number) => Math.hypot(corners[2 * i]! - corners[0]!, corners[2 * i + 1]! - corners[1]!);
  let far = 1;
  for (let i = 2; i < count; i++) if (distance(i) > distance(far)) far = i;
  const kept = new Uint8Array(count);
  kept[0] = kept[far] = 1;
  const parts: [number, number][] = [
    [0, far],
    [far, count],
  ];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const [from, to] = part;
    const [worst, off] = furthest(corners, from, to);
    if (off <= tolerance) continue;
    kept[worst] = 1;
    parts.push([from, worst], [worst, to]);
  }
  const result: number[] = [];
  for (let i = 0; i < count; i++) if (kept[i] === 1) result.push(corners[2 * i]!, corners[2 * i + 1]!);
  return result;
}

/** Returns the corner between two others that is furthest from the line through them; `to` may be the first again. */
function furthest(corners: readonly number[], from: number, to: number): readonly [corner: number, distance: number] {
  const count = corners.length / 2;
  const ax = corners[2 * from]!;
  const ay = corners[2 * from + 1]!;
  const bx = corners[2 * (to % count)]!;
  const by = corners[2 * (to % count) + 1]!;
  const length = Math.hypot(bx - ax, by - ay);
  let worst = from;
  let most = 0;
  for (let i = from + 1; i < to; i++) {
    const x = corners[2 * i]! - ax;
    const y = corners[2 * i + 1]! - ay;
    const off = length === 0 ? Math.hypot(x, y) : Math.abs(x * (by - ay) - y * (bx - ax)) / length;
    if (off <= most) continue;
    worst = i;
    most = off;
  }
  return [worst, most];
}
