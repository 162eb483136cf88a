import type { ImageRecord, Rle, Target } from "../api.ts";
import { decodeRle } from "../mask/index.ts";

/**
 * Offsets of a point's neighbours in steps of the full grid, [x, y], in the order in which they are prompted. Those of the second
 * group lie two steps off, towards the next point of the coarse grid.
 */
const near = offsets([-1, 0, 1], [-1, 0, 1]).filter(([x, y]) => x !== 0 || y !== 0);
const far = [...offsets([2], [-1, 0, 1]), ...offsets([-1, 0, 1], [2]), [2, 2] as const];

function offsets(columns: readonly number[], rows: readonly number[]): (readonly [number, number])[] {
  return columns.flatMap((x) => rows.map((y) => [x, y] as const));
}

export interface Neighbours {
  /** Points along each side of the full grid; a step is a whole number of pixels, width or height over it. */
  readonly side: number;
  /** Number of the first neighbour. */
  readonly first: number;
  /** Pixels that need no prompt any more. */
  readonly covered: Rle | undefined;
}

/**
 * Returns the places of the full grid around each point of a coarse one that has a quarter of its points a side. A place two steps
 * off is left out where it lies outside the image, and any place that is covered already.
 * Source: hierarchical_generate of tinysam/hierarchical_mask_generator.py.
 */
export function neighbourPoints(
  { id, size: { width, height } }: ImageRecord,
  coarse: readonly Target[],
  { side, first, covered }: Neighbours,
): readonly Target[] {
  const done = covered && decodeRle(covered);
  const step = { x: Math.floor(width / side), y: Math.floor(height / side) };
  const isOpen = ([x, y]: readonly [number, number]) => done?.[Math.floor(y) * width + Math.floor(x)] !== 1;
  const places = coarse.flatMap(({ box: { x0, y0 } }) => {
    const at = ([x, y]: readonly [number, number]) => [x0 + x * step.x, y0 + y * step.y] as const;
    const inside = far.filter(([x, y]) => (x < 2 || at([x, y])[0] < width) && (y < 2 || at([x, y])[1] < height));
    return [...near, ...inside].map(at).filter(isOpen);
  });
  return places.map(([x, y], i) => ({
    id: first + i,
    image: id,
    category: 0,
    box: { x0: x, y0: y, x1: x, y1: y },
    areaPx: 0,
    crowd: false,
  }));
}
