import { criticalShift } from "./criticalShift.ts";
import type { Interval } from "./intervals.ts";
import { centreOf, errorOf, largestSplit, leastSide, likeliest, noiseOf } from "./stretches.ts";
import { studentT } from "./studentT.ts";

const defaults = {
  /** Fewer values say too little about the noise between them. */
  least: 6,
  /** The newest 160 values alone are judged: critical values are known up to here, and the time grows with the square. */
  most: 160,
  tail: 0.05,
  /** Share of series in which the newest value seems to differ by chance. It is asked to be measured again, no more. */
  newestTail: 0.01,
};

/** A change of a series' level. Places are those of the values as they were given. */
export interface Shift {
  /** The new level begins with the value at this place. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
  /** It is after less before; its 95 % interval follows from the noise of the series. */
  readonly difference: Interval;
}

export type Changes =
  | { readonly kind: "too few"; readonly steps: readonly number[] }
  | {
      readonly kind: "judged";
      /** Places from which on values are judged: 0, but for a series that is longer than 160. */
      readonly from: number;
      /** Values have this standard deviation where nothing changes. */
      readonly noise: number;
      readonly shifts: readonly Shift[];
      /** Present where the newest value alone lies apart: the next one will tell whether that stays. */
      readonly newest?: Shift | undefined;
      /** Places of single values that lie apart from those before and behind. */
      readonly alone: readonly number[];
      /** A change in the middle of the newest level that is larger would have been found. */
      readonly detectable: number;
    };

/**
 * Finds where a series of measurements, oldest first, changed its level. The statistic is the largest difference between the
 * stretches before and behind a place, over its standard error; what it has to exceed keeps the chance of any false change in a
 * whole series without one at 2 %, also where 5 % of the values are outliers and neighbours are slightly alike
 * (criticalShift.ts). Each side of a change is searched again in the same way. Means are clipped and lean on the median that is
 * nearer to the other side, so that one outlier, or one of two values, makes no change.
 * Equal neighbours count once: a figure that is exact gives the same value for the same model, and that says nothing of the
 * noise between models. Where fewer than 6 values are left, the series is not judged, and the places of its steps are returned.
 * `floor` is the least noise that single measurements have.
 * Source: Hawkins, Testing a sequence of observations for a shift in location, 1977; binary segmentation: Scott and Knott 1974.
 */
export function changesOf(given: readonly number[], floor: number): Changes {
  const places = [...given.keys()].filter((i) => i === 0 || given[i] !== given[i - 1]).slice(-defaults.most);
  if (places.length < defaults.least) return { kind: "too few", steps: places.filter((place) => place > 0) };
  const values = places.map((place) => given[place]!);
  const noise = Math.max(floor, noiseOf(values));
  const starts = levelStarts(values, noise);
  const levels = starts.map((from, i) => ({ from, to: starts[i + 1] ?? values.length }));
  const centres = levels.map(({ from, to }) => centreOf(values.slice(from, to), 0, noise));
  const degrees = Math.max(1, values.length / 2 - 1);
  const margin = studentT(degrees, defaults.tail) * noise;
  const shifts = levels.slice(1).map(({ from, to }, i): Shift => {
    const before = centres[i]!;
    const after = centres[i + 1]!;
    const half = margin * errorOf(from - levels[i]!.from, to - from);
    const value = after - before;
    return { at: places[from]!, before, after, difference: { value, low: value - half, high: value + half } };
  });
  const last = levels.at(-1)!;
  const size = last.to - last.from;
  return {
    kind: "judged",
    from: places[0]!,
    noise,
    shifts,
    newest: newestOf(values, last.from, { noise, margin, degrees, place: places.at(-1)! }),
    alone: aloneIn(values, levels, noise).map((i) => places[i]!),
    detectable: criticalShift(Math.max(defaults.least, size)) * noise * errorOf(size / 2, size / 2),
  };
}

/** Returns the first place of each level, 0 among them. */
function levelStarts(values: readonly number[], noise: number): readonly number[] {
  if (values.length < 2 * leastSide) return [0];
  const { from, to, shift } = largestSplit(values, noise);
  if (shift <= criticalShift(Math.max(defaults.least, values.length))) return [0];
  const at = from + likeliest(values.slice(from, to), noise);
  const behind = levelStarts(values.slice(at), noise).map((start) => at + start);
  return [...levelStarts(values.slice(0, at), noise), ...behind];
}

interface NewestOptions {
  readonly noise: number;
  readonly margin: number;
  readonly degrees: number;
  readonly place: number;
}

/** Compares the newest value with the level that it ends, which begins at `from`. */
function newestOf(
  values: readonly number[],
  from: number,
  { noise, margin, degrees, place }: NewestOptions,
): Shift | undefined {
  const earlier = values.slice(from, -1);
  if (earlier.length < leastSide) return undefined;
  const before = centreOf(earlier, 0, noise);
  const after = values.at(-1)!;
  const value = after - before;
  const error = errorOf(earlier.length, 1);
  if (Math.abs(value) <= studentT(degrees, defaults.newestTail) * noise * error) return undefined;
  return { at: place, before, after, difference: { value, low: value - margin * error, high: value + margin * error } };
}

/** Returns values inside levels that lie as far from them as a change would; the newest value of all is not yet one of them. */
function aloneIn(
  values: readonly number[],
  levels: readonly { readonly from: number; readonly to: number }[],
  noise: number,
): readonly number[] {
  const most = criticalShift(Math.max(defaults.least, values.length)) * noise;
  return levels.flatMap(({ from, to }) => {
    const centre = centreOf(values.slice(from, to), 0, noise);
    return Array.from({ length: to - from }, (_, i) => from + i).filter(
      (i) => i < values.length - 1 && Math.abs(values[i]! - centre) > most,
    );
  });
}
