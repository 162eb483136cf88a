/** Plot of a chart whose scales are fixed before it is drawn, so that it is known where in px each value lies. */
export interface PlotFrame {
  readonly width: number;
  readonly height: number;
  readonly x: FixedScale;
  readonly y: FixedScale;
}

/** Scale of one axis: its ends, the values of its ticks, and the way from a value to px and back. */
export interface FixedScale {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly px: (value: number) => number;
  readonly value: (px: number) => number;
}

interface ScaleRequest {
  readonly values: readonly number[];
  /** Length of the axis in px. */
  readonly length: number;
  /** Room in px between the outermost values and the ends of the axis. */
  readonly padding: number;
}

/** Share of the middle by which the ends of an axis lie apart at least, where all values are one. */
const least = 0.05;

/** Returns a logarithmic scale from left to right. Its ticks are 1, 2 and 5 times powers of ten, or
 * nearer ones where these are few. */
export function logScale({ values, length, padding }: ScaleRequest): FixedScale {
  const ends = padded(values.map(Math.log), length, padding, Math.log(1 + least));
  const px = (value: number) => ((Math.log(value) - ends[0]) / (ends[1] - ends[0])) * length;
  const domain = [Math.exp(ends[0]), Math.exp(ends[1])] as const;
  const ticks = [
    [1, 2, 5],
    [1, 1.5, 2, 3, 5, 7],
    [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9],
  ]
    .map((steps) => powersOfTen(domain).flatMap((power) => steps.map((step) => Number((step * power).toPrecision(3)))))
    .map((all) => all.filter((value) => value >= domain[0] && value <= domain[1]));
  return {
    domain,
    ticks: ticks.find((found) => found.length >= 3) ?? roundTicks(domain),
    px,
    value: (at) => Math.exp(ends[0] + (at / length) * (ends[1] - ends[0])),
  };
}

/** Returns a linear scale from the bottom up, with four to nine round ticks. */
export function linearScale({ values, length, padding }: ScaleRequest): FixedScale {
  const middle = Math.abs(values[0] ?? 0);
  const ends = padded(values, length, padding, least * Math.max(1, middle));
  const [low, high] = ends;
  return {
    domain: ends,
    ticks: roundTicks(ends),
    px: (value) => length - ((value - low) / (high - low)) * length,
    value: (at) => low + ((length - at) / length) * (high - low),
  };
}

/** Returns the ends of an axis: so far apart that the padding lies outside the values. */
function padded(
  values: readonly number[],
  length: number,
  padding: number,
  smallest: number,
): readonly [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = Math.max(high - low, smallest);
  const middle = (low + high) / 2;
  const half = (span / 2) * (length / (length - 2 * padding));
  return [middle - half, middle + half];
}

function powersOfTen([low, high]: readonly [number, number]): readonly number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

/** Returns the multiples of a round step that lie inside. */
function roundTicks([low, high]: readonly [number, number]): readonly number[] {
  const step = roundStep((high - low) / 5);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Returns 1, 2 or 5 times a power of ten: the smallest that is not below the value. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9))!;
}
