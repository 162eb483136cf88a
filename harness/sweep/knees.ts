import { type CurvePoint, highestOf, kneeOf } from "../stats/knee.ts";
import { type Axis, type AxisValue, type Gain, kindOf } from "./axes.ts";
import type { PointFigures } from "./pointFigures.ts";

/** The knee of one curve of the sweep, and its highest point where no knee is. */
export interface Knee {
  readonly gain: Gain;
  /** Value of the second axis; absent where there is one axis. */
  readonly of?: AxisValue | undefined;
  readonly at?: AxisValue | undefined;
  readonly highest?: AxisValue | undefined;
  /** `unsure`: what the first and the highest point may be off by reaches from one to the other. */
  readonly rise: "sure" | "unsure";
}

/** Returns the knee of each curve over the first axis, one for each value of the second. */
export function kneesOf(points: readonly PointFigures[], axes: readonly Axis[]): readonly Knee[] {
  const [first, second] = axes as [Axis, Axis?];
  const { gain } = kindOf(first);
  if (gain === undefined) return [];
  return (second?.values ?? [undefined]).flatMap((of): Knee[] => {
    const curve = points
      .filter(({ values }) => second === undefined || values[second.name] === of)
      .flatMap((point) => {
        const figure = gainOf(point, gain);
        return figure === undefined ? [] : [{ ...figure, x: point.values[first.name] as number }];
      })
      .sort((a, b) => a.x - b.x);
    if (curve.length < 3) return [];
    const valueAt = (place: number | undefined) => (place === undefined ? undefined : curve[place]!.x);
    const top = curve[highestOf(curve) ?? 0]!;
    const rise = top.low > curve[0]!.high ? "sure" : "unsure";
    return [{ gain, of, at: valueAt(kneeOf(curve)), highest: top.x, rise }];
  });
}

interface Bounded extends Pick<CurvePoint, "y"> {
  readonly low: number;
  readonly high: number;
}

/** Returns the figure of a point that is better the larger it is: a rate with its quartiles, accuracy with its 95 % interval. */
function gainOf({ imagesPerSecond, promptsPerSecond, accuracy }: PointFigures, gain: Gain): Bounded | undefined {
  if (gain === "accuracy")
    return (
      accuracy && { y: accuracy.value, low: accuracy.low ?? accuracy.value, high: accuracy.high ?? accuracy.value }
    );
  const rate = gain === "images/s" ? imagesPerSecond : promptsPerSecond;
  return rate && { y: rate.median, low: rate.q1, high: rate.q3 };
}
