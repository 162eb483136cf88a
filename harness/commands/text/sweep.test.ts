import { expect, test } from "vitest";
import type { LatencySummary } from "../../stats/summary.ts";
import { parseAxes } from "../../sweep/axes.ts";
import type { SweepFigures } from "../../sweep/figures.ts";
import { kneesOf } from "../../sweep/knees.ts";
import { sweepPicture, sweepText } from "./sweep.ts";

const summary = (median: number): LatencySummary => ({
  median,
  q1: 0.95 * median,
  q3: 1.05 * median,
  middleMean: median,
  n: 20,
});

const axes = parseAxes(["batch=1,2,4"]);
const points: SweepFigures["points"] = [50, 80, 90].map((rate, i) => ({
  values: { batch: 2 ** i },
  label: `batch ${2 ** i}`,
  run: "run",
  variant: "toy",
  status: "done",
  encode: summary((1000 * 2 ** i) / rate),
  imagesPerSecond: summary(rate),
  decode: summary(2),
  promptsACall: 16,
  promptsPerSecond: summary(400),
  peakBytes: 1e8 * (i + 1),
  change: i === 0 ? undefined : { value: rate / 50, low: rate / 50 - 0.1, high: rate / 50 + 0.1 },
  warnings: [],
}));
const figures: SweepFigures = {
  id: "sweep-toy-0123456789ab",
  variant: "toy",
  axes,
  rate: "images/s",
  points,
  knees: kneesOf(points, axes),
  notes: ["a note"],
};

test("the table has a unit in every column, the change against the first point, and the knee", () => {
  const text = sweepText(figures, 200);
  expect(text).toContain("batch, images  encode ms");
  expect(text).toMatch(/prompts\/s \(16 a call\) +memory MB +change of images\/s/);
  expect(text).toContain("+60 % [+50, +70]");
  expect(text).toContain("knee of images/s over batch: batch 2; highest at batch 4");
  expect(text).toContain("a note");
});

test.each([80, 100, 200])("no line is wider than a terminal of %s columns", (width) => {
  for (const line of sweepText(figures, width).split("\n")) expect(line.length).toBeLessThanOrEqual(width);
});

test("a point without figures says why, and an unfinished sweep has no knee", () => {
  const [first, second] = points;
  const failed = { ...second!, status: "failed", problem: "out of memory", encode: undefined } as const;
  const text = sweepText({ ...figures, points: [first!, failed], knees: [] }, undefined);
  expect(text).toContain("batch 2: not finished, out of memory");
  expect(text).not.toContain("knee");
});

test("the chart shows the figures of the table, with the knee on the curve of its rate", () => {
  const { panels, places, knees } = sweepPicture(figures);
  expect(panels.map(({ title }) => title)).toEqual(["images/s", "peak memory, MB"]);
  expect(places[1]!.figures).toMatchObject({ rate: { value: 80, low: 76, high: 84 }, memory: { value: 200 } });
  expect(knees).toEqual([{ panel: "rate", x: 2, line: undefined }]);
});
