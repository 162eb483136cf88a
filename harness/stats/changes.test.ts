import { expect, test } from "vitest";
import { changesOf } from "./changes.ts";
import { normal, random } from "./random.ts";
import { noiseOf } from "./stretches.ts";
import { mean } from "./summary.ts";

const floor = 0.001;
/** Noise of about 0.01, the same in each test. */
const quiet = [0.003, -0.008, 0.011, -0.004, 0.009, -0.012, 0.002, 0.007, -0.01, 0.005, -0.003, 0.006, -0.007, 0.001];

function judged(values: readonly number[]) {
  const found = changesOf(values, floor);
  if (found.kind !== "judged") throw new Error(found.kind);
  return found;
}

const placesOf = (values: readonly number[]) => judged(values).shifts.map(({ at }) => at);

test("a series that keeps its level has no change, no newest and nothing alone", () => {
  expect(judged(quiet)).toMatchObject({ shifts: [], newest: undefined, alone: [] });
});

test("a change is told at the first value of the new level, with both levels and an interval that holds the truth", () => {
  const [shift] = judged(quiet.map((each, i) => each + (i < 9 ? 1 : 1.2))).shifts;
  expect(shift).toMatchObject({ at: 9 });
  expect(shift!.before).toBeCloseTo(1, 2);
  expect(shift!.after).toBeCloseTo(1.2, 2);
  expect(shift!.difference.low).toBeLessThan(0.2);
  expect(shift!.difference.high).toBeGreaterThan(0.2);
});

test("a change with two values before it or behind it is found, and several are", () => {
  expect(placesOf(quiet.map((each, i) => each + (i < 2 ? 0.2 : 0)))).toEqual([2]);
  expect(placesOf(quiet.map((each, i) => each + (i < 12 ? 0.2 : 0)))).toEqual([12]);
  expect(placesOf(quiet.map((each, i) => each + (i < 5 ? 0 : i < 10 ? 0.2 : -0.1)))).toEqual([5, 10]);
});

test("one value that lies apart is no change: it is alone, and the newest is told as the newest", () => {
  const apart = (place: number) => quiet.map((each, i) => each + (i === place ? 0.15 : 0));
  expect(judged(apart(6))).toMatchObject({ shifts: [], newest: undefined, alone: [6] });
  expect(judged(apart(13))).toMatchObject({ shifts: [], alone: [], newest: { at: 13 } });
  // An outlier short before the end does not make a level of the two last values.
  expect(judged(apart(12)).shifts).toEqual([]);
});

test("a level of four values between two others is two changes; two neighbours that lie apart are none", () => {
  const between = (size: number) => quiet.map((each, i) => each + (i >= 6 && i < 6 + size ? 0.3 : 0));
  expect(placesOf(between(4))).toEqual([6, 10]);
  expect(judged(between(2))).toMatchObject({ shifts: [], alone: [6, 7] });
});

test("fewer than 6 different values are not judged, and their steps are named", () => {
  expect(changesOf([1, 2, 3, 4, 5], floor)).toEqual({ kind: "too few", steps: [1, 2, 3, 4] });
  expect(changesOf([1, 1, 1, 1, 2, 2, 2, 2], floor)).toEqual({ kind: "too few", steps: [4] });
  expect(changesOf([], floor)).toEqual({ kind: "too few", steps: [] });
  expect(changesOf([1, 1, 1], floor)).toEqual({ kind: "too few", steps: [] });
});

test("equal neighbours count once, and places stay those that were given", () => {
  const twice = quiet.map((each, i) => each + (i < 9 ? 0 : 0.2)).flatMap((each) => [each, each]);
  expect(placesOf(twice)).toEqual([18]);
});

test("noise is never taken to be below the floor", () => {
  const tiny = quiet.map((each, i) => each / 1000 + (i < 7 ? 0 : 0.001));
  expect(changesOf(tiny, 1e-9)).toMatchObject({ shifts: [{ at: 7 }] });
  expect(judged(tiny)).toMatchObject({ shifts: [], noise: floor });
});

test("only the newest 160 values of a longer series are judged", () => {
  const long = Array.from({ length: 200 }, (_, i) => quiet[i % quiet.length]! + i * 1e-9 + (i < 20 ? 1 : 0));
  const found = judged(long);
  expect(found.from).toBe(40);
  expect(found.shifts).toEqual([]);
});

test("the noise of normal values is their standard deviation, whatever the level does once", () => {
  const stream = random(0, "noise");
  const estimates = Array.from({ length: 400 }, () =>
    noiseOf(Array.from({ length: 40 }, (_, i) => normal(stream) + (i < 20 ? 0 : 50))),
  );
  // 32 of the 39 differences are kept, a little more than 80 %, so that the estimate lies a few percent above.
  expect(mean(estimates)).toBeGreaterThan(0.97);
  expect(mean(estimates)).toBeLessThan(1.1);
});
