const defaults = {
  /** A point counts as a knee where it lies so far above the chord, in parts of the curve's height. A straight line has none. */
  least: 0.1,
};

/** A point of a curve. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/**
 * Returns the place of the curve's knee among its points, which rise in x: the point that lies farthest above the chord from the
 * first point to the highest, where both axes run from 0 to 1. Beyond it, more of x brings less of y. Absent for a curve that does
 * not rise over three points, and for one that is straight.
 * Source: Satopää et al., Finding a "Kneedle" in a Haystack, 2011, for a concave curve that rises.
 */
export function kneeOf(points: readonly CurvePoint[]): number | undefined {
  const top = highestOf(points);
  const first = points[0];
  if (top === undefined || first === undefined || top < 2) return undefined;
  const last = points[top]!;
  const above = points
    .slice(0, top)
    .map(({ x, y }) => (y - first.y) / (last.y - first.y) - (x - first.x) / (last.x - first.x));
  const knee = above.reduce((best, height, i) => (height > above[best]! ? i : best), 0);
  return above[knee]! >= defaults.least ? knee : undefined;
}

/** Returns the place of the highest point, the first of several; nothing where there is no point above the first. */
export function highestOf(points: readonly CurvePoint[]): number | undefined {
  const top = points.reduce((best, { y }, i) => (y > points[best]!.y ? i : best), 0);
  return top === 0 ? undefined : top;
}
