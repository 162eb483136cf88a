import { expect, test } from "vitest";
import type { LatencySummary } from "../stats/summary.ts";
import { type Axis, parseAxes } from "./axes.ts";
import { precisions } from "./fixtures/precisions.ts";
import { kneesOf } from "./knees.ts";
import type { PointFigures } from "./pointFigures.ts";

const summary = (median: number): LatencySummary => ({
  median,
  q1: median - 1,
  q3: median + 1,
  middleMean: median,
  n: 9,
});

function point(values: PointFigures["values"], imagesPerSecond: number): PointFigures {
  const rate = summary(imagesPerSecond);
  return { values, label: "", run: "run", variant: "toy", status: "done", imagesPerSecond: rate, warnings: [] };
}

const saturating = [10, 18, 19, 20];
const batches: Axis["values"] = [1, 2, 4, 8];
const curve = (rates: readonly number[]) => rates.map((rate, i) => point({ batch: batches[i]! }, rate));

test("the knee of images a second is where more images in a call bring less", () => {
  const axes = parseAxes(["batch=1,2,4,8"]);
  expect(kneesOf(curve(saturating), axes)).toEqual([{ gain: "images/s", at: 2, highest: 8, rise: "sure" }]);
});

test("values count in their order of size, whatever order they are given in", () => {
  const axes = parseAxes(["batch=8,1,4,2"]);
  expect(kneesOf(curve(saturating).toReversed(), axes)[0]).toMatchObject({ at: 2, highest: 8 });
});

test("a rise within the quartiles is unsure", () => {
  const axes = parseAxes(["batch=1,2,4,8"]);
  expect(kneesOf(curve([10, 11, 11.5, 11.6]), axes)[0]).toMatchObject({ highest: 8, rise: "unsure" });
});

test("a curve that falls has no knee, and is highest at its first point", () => {
  const axes = parseAxes(["batch=1,2,4,8"]);
  expect(kneesOf(curve([20, 19, 18, 10]), axes)).toEqual([{ gain: "images/s", highest: 1, rise: "unsure" }]);
});

test("each value of the second axis has a curve of its own", () => {
  const axes = parseAxes(["batch=1,2,4,8", "threads=1,2"]);
  const points = [1, 2].flatMap((threads) =>
    saturating.map((rate, i) =>
      point({ batch: batches[i]!, threads }, threads === 1 ? rate : 5 * (batches[i] as number) ** 2),
    ),
  );
  expect(kneesOf(points, axes).map(({ of, at }) => [of, at])).toEqual([
    [1, 2],
    [2, undefined],
  ]);
});

test("the knee over sides is that of accuracy, and there is none where no accuracy is measured", () => {
  const axes = parseAxes(["side=128,256,512"]);
  const sides = [
    [128, 0.2],
    [256, 0.39],
    [512, 0.4],
  ].map(([side, value]) => ({
    ...point({ side: side! }, 100),
    accuracy: { value: value!, low: value! - 0.01, high: value! + 0.01, n: 50 },
  }));
  expect(kneesOf(sides, axes)).toEqual([{ gain: "accuracy", at: 256, highest: 512, rise: "sure" }]);
  expect(
    kneesOf(
      sides.map(({ accuracy: _, ...rest }) => rest),
      axes,
    ),
  ).toEqual([]);
});

test("names have no order, and no knee", () => {
  const axes = parseAxes(["precision=float,int8"], precisions);
  expect(kneesOf([point({ precision: "float" }, 1), point({ precision: "int8" }, 2)], axes)).toEqual([]);
});
