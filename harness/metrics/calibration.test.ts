import { expect, test } from "vitest";
import type { PredictionRow } from "../api.ts";
import { calibration, reliabilityTable } from "./calibration.ts";

const row = (image: number, predictedIou: number, iou?: number): PredictionRow => ({
  image,
  target: 1,
  category: 1,
  prompts: "box",
  protocol: "p",
  step: 1,
  token: 1,
  predictedIou,
  areaPx: 1,
  crowd: false,
  iou,
  mask: { size: { height: 1, width: 1 }, counts: "1" },
  prompt: { points: [] },
});

// Bin 0.5 … 0.6: predicted 0.55 and 0.57, measured 0.45 and 0.57: 0.1 in sum. Bin 0.9 … 1: 1.2 counts as 1, measured 0.7: 0.3.
const rows = [row(1, 0.55, 0.45), row(1, 0.57, 0.57), row(2, 1.2, 0.7), row(2, 0.3)];
const context = { images: [1, 2], sizes: [] };

test("the expected calibration error is the bins' distances weighted by their rows", () => {
  const [value] = calibration.fit(rows, context)({ images: [1, 2], counts: Uint32Array.of(1, 1) });
  expect(value!.n).toBe(3);
  expect(value!.value).toBeCloseTo((0.1 + 0.3) / 3, 12);
});

test("an image that is drawn twice counts twice, as if its rows stood twice", () => {
  const weighted = calibration.fit(rows, context)({ images: [1, 2], counts: Uint32Array.of(2, 1) });
  const doubled = calibration.fit(
    [...rows, ...rows.slice(0, 2)],
    context,
  )({ images: [1, 2], counts: Uint32Array.of(1, 1) });
  expect(weighted).toEqual(doubled);
});

test("without a measured IoU there is no value", () => {
  expect(calibration.fit([row(1, 0.5)], context)({ images: [1], counts: Uint32Array.of(1) })).toEqual([
    { id: "ece", n: 0 },
  ]);
});

test("a reliability table has means where a bin has rows", () => {
  const bins = reliabilityTable(rows);
  expect(bins.map(({ n }) => n)).toEqual([0, 0, 0, 0, 0, 2, 0, 0, 0, 1]);
  expect(bins[5]!.predictedIou).toBeCloseTo(0.56, 12);
  expect(bins[5]!.iou).toBeCloseTo(0.51, 12);
  expect(bins[0]).toEqual({ from: 0, to: 0.1, n: 0 });
});
