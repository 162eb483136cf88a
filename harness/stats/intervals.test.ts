import { expect, test } from "vitest";
import { type Estimates, intervalsOf, pairedIntervals } from "./intervals.ts";
import { random, shuffle } from "./random.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** The mean of one instance an image. */
const meanOf =
  (values: readonly number[]): Estimates =>
  ({ counts }) => {
    const n = counts.reduce((sum, count) => sum + count, 0);
    if (n === 0) return [{ n }];
    return [{ value: values.reduce((sum, value, i) => sum + value * counts[i]!, 0) / n, n }];
  };

test("a mean of one instance an image has the interval of the textbook: mean ± t s / √n", () => {
  // s² = 0.025, s / √5 = 0.0707107; t with 4 degrees is 2.7764.
  const [found] = intervalsOf(meanOf([0.1, 0.2, 0.3, 0.4, 0.5]), range(5), { seed: 0 });
  expect(found?.value).toBeCloseTo(0.3, 12);
  // The parabola that leaving out is held against is off by 0.3 % for a mean of five.
  expect((0.3 - found!.low!) / 0.19632).toBeCloseTo(1, 2);
  expect((found!.high! - 0.3) / 0.19632).toBeCloseTo(1, 2);
});

test("under 5 images there is no interval", () => {
  for (const images of [1, 2, 3, 4])
    expect(intervalsOf(meanOf([0.1, 0.2, 0.4, 0.8]), range(images), { seed: 0 })).toEqual([
      { value: expect.any(Number) },
    ]);
});

test("images without an instance bring no interval: four of a thousand that have one say too little", () => {
  const values = range(1000).map((i) => (i < 4 ? 0.2 * i : undefined));
  const estimates: Estimates = ({ counts }) => {
    const n = values.reduce<number>((sum, value, i) => sum + (value === undefined ? 0 : counts[i]!), 0);
    const sum = values.reduce<number>((total, value, i) => total + (value ?? 0) * counts[i]!, 0);
    return [n === 0 ? { n } : { value: sum / n, n }];
  };
  expect(intervalsOf(estimates, range(1000), { seed: 0 })).toEqual([{ value: expect.closeTo(0.3, 12) }]);
});

test("a figure that all images give alike has no interval of width 0", () => {
  expect(intervalsOf(meanOf([0, 0, 0, 0, 0, 0]), range(6), { seed: 0 })).toEqual([{ value: 0 }]);
});

test("what has no data is absent", () => {
  expect(intervalsOf(() => [{ n: 0 }, { value: 0.5, n: 3 }], range(9), { seed: 0 })).toEqual([
    undefined,
    { value: 0.5 },
  ]);
});

test("an interval is cut where the figure can not go, and holds the figure there too", () => {
  const [low] = intervalsOf(meanOf([0, 0, 0, 0, 0.4]), range(5), { seed: 0 });
  expect(low).toMatchObject({ value: expect.closeTo(0.08, 12), low: 0 });
  const [high] = intervalsOf(meanOf([1, 1, 1, 1, 0.6]), range(5), { seed: 0 });
  expect(high).toMatchObject({ value: expect.closeTo(0.92, 12), high: 1 });
  expect(high!.low).toBeCloseTo(1 - low!.high!, 12);
});

test("one image with most of the instances widens the interval: t goes by the effective number of images", () => {
  // Means 0.4, 0.5, 0.6 and twice 0.5, all of the spread in the first three; shares 1, 1, 1, 1 and 4 of 8, so that
  // 1 / sum of squares is 3.2, t of 2.2 degrees is 3.9487, where 4 degrees have 2.7764.
  const instances = [1, 1, 1, 1, 4];
  const estimates: Estimates = ({ counts }) => {
    const n = instances.reduce((sum, count, i) => sum + count * counts[i]!, 0);
    const sum = instances.reduce((total, count, i) => total + [0.4, 0.5, 0.6, 0.5, 0.5][i]! * count * counts[i]!, 0);
    return [{ value: sum / n, n }];
  };
  const [found] = intervalsOf(estimates, range(5), { seed: 0 });
  // With the first or the third counted half the mean moves by 0.05 / 7.5; (2 groups - 1)² / (groups (groups - 1)) = 81 / 20.
  const standardError = Math.sqrt((81 / 20) * 2 * (0.05 / 7.5) ** 2);
  expect((found!.high! - 0.5) / standardError).toBeCloseTo(3.9487, 2);
});

test("a set of many images is computed 121 times: as it is, and with each of 40 even groups at a half, an eighth and nothing", () => {
  const seen: string[] = [];
  intervalsOf(
    ({ counts }) => {
      const least = Math.min(...counts);
      seen.push(`${counts.filter((count) => count === least).length} at ${least} of ${Math.max(...counts)}`);
      return [{ value: 0.5, n: 1 }];
    },
    range(101),
    { seed: 1 },
  );
  expect(seen).toHaveLength(121);
  expect(new Set(seen)).toEqual(
    new Set([
      "101 at 1 of 1",
      ...[2, 3].flatMap((size) => ["1 of 2", "1 of 8", "0 of 1"].map((at) => `${size} at ${at}`)),
    ]),
  );
});

test("a mean over groups of few instances each has the variance that drawing them anew has, where leaving out doubles it", () => {
  // 60 categories with two images each, their values alike by nothing: the figure is the mean over categories.
  const stream = random(1, "pairs");
  const values = range(120).map(() => stream.next());
  const figure: Estimates = ({ counts }) => {
    const means = range(60).flatMap((k) => {
      const x = counts[2 * k]!;
      const y = counts[2 * k + 1]!;
      return x + y === 0 ? [] : [(x * values[2 * k]! + y * values[2 * k + 1]!) / (x + y)];
    });
    return [
      {
        value: means.reduce((sum, each) => sum + each, 0) / means.length,
        n: counts.reduce((sum, each) => sum + each, 0),
      },
    ];
  };
  const widths = range(40).map((seed) => {
    const [found] = intervalsOf(figure, range(120), { seed });
    return (found!.high! - found!.low!) / 2 / 2.0227;
  });
  // Uniform values have a variance of 1 / 12; two of each category, of which the mean is taken: 1 / 24 / 60.
  const standardError = Math.sqrt(widths.reduce((sum, width) => sum + width ** 2, 0) / widths.length);
  expect(standardError / Math.sqrt(1 / 24 / 60)).toBeGreaterThan(0.85);
  expect(standardError / Math.sqrt(1 / 24 / 60)).toBeLessThan(1.15);
});

test("groups follow from seed and images, not from the order in which images come", () => {
  const values = range(200).map((i) => Math.sin(i) ** 2);
  const found = (seed: number, images: readonly number[]) => intervalsOf(meanOf(values), images, { seed });
  expect(found(1, shuffle(random(0, "order"), range(200)))).toEqual(found(1, range(200)));
  expect(found(2, range(200))).not.toEqual(found(1, range(200)));
});

test("what two sides share falls out of their difference", () => {
  const a = range(50).map((i) => 0.5 + 0.4 * Math.sin(i));
  const b = a.map((value, i) => value + 0.01 + 0.001 * Math.cos(i));
  const [found] = pairedIntervals(meanOf(a), meanOf(b), range(50), { seed: 0 });
  expect(found?.a).toEqual(intervalsOf(meanOf(a), range(50), { seed: 0 })[0]);
  expect(found?.b).toEqual(intervalsOf(meanOf(b), range(50), { seed: 0 })[0]);
  const { value, low, high } = found!.difference;
  expect(value).toBeCloseTo(0.01, 3);
  expect(high! - low!).toBeLessThan((found!.a.high! - found!.a.low!) / 50);
});

test("sides that differ alike on every image do so for certain, whatever the interval of each alone", () => {
  const half = meanOf([0.5, 0.5, 0.5, 0.5, 0.5]);
  const [same] = pairedIntervals(half, half, range(5), { seed: 0 });
  expect(same).toEqual({ a: { value: 0.5 }, b: { value: 0.5 }, difference: { value: 0, low: 0, high: 0 } });
  const [apart] = pairedIntervals(half, meanOf([0.25, 0.25, 0.25, 0.25, 0.25]), range(5), { seed: 0 });
  expect(apart!.difference).toEqual({ value: -0.25, low: -0.25, high: -0.25 });
});
