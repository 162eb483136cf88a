import { expect, test } from "vitest";
import type { PredictionRow } from "../api.ts";
import { clickIou } from "./clickIou.ts";
import { figuresById, suits } from "./figures.ts";
import { miou } from "./miou.ts";
import { noc, unreached } from "./noc.ts";

/** Rows of one target, whose IoU after click k is `ious[k - 1]`. */
function clicked(image: number, target: number, ious: readonly number[]): PredictionRow[] {
  return ious.map((iou, i) => ({
    image,
    target,
    category: 1,
    prompts: "noc",
    protocol: "noc",
    step: i + 1,
    token: 1,
    predictedIou: 0.5,
    iou,
    areaPx: 100,
    crowd: false,
    mask: { size: { height: 1, width: 1 }, counts: "" },
    prompt: { points: [] },
  }));
}

const filled = (ious: readonly number[], rest: number) => [...ious, ...Array<number>(20 - ious.length).fill(rest)];

/** Image 1: one target reaches all levels by click 3 and loses them, one none. Image 2: one reaches 0.9 by the last click. */
const rows = [
  ...clicked(1, 1, filled([0.5, 0.8, 0.9], 0.4)),
  ...clicked(1, 2, filled([0.79], 0.79)),
  ...clicked(2, 1, [...filled([0.85], 0.85).slice(0, 19), 0.9]),
];
const images = [1, 2];
const context = { rows, images, sizes: [], protocol: { id: "noc", ranksMasks: false, severalSteps: true } };

test("the first click that reaches a level counts, though a later one loses it; a target that never does counts 20", () => {
  const { "noc@80": low, "noc@85": middle, "noc@90": high } = figuresById(noc, context, { seed: 0 });
  expect(low).toMatchObject({ value: (2 + 20 + 1) / 3, n: 3, unit: "clicks" });
  expect(middle).toMatchObject({ value: (3 + 20 + 1) / 3, n: 3 });
  expect(high).toMatchObject({ value: (3 + 20 + 20) / 3, n: 3 });
});

test("a target that the last click brings there counts 20 and is not among those that never are", () => {
  const { "unreached@90": share, "unreached@80": low } = figuresById(unreached, context, { seed: 0 });
  expect(share).toEqual({ value: 1 / 3, n: 3 });
  expect(low).toEqual({ value: 1 / 3, n: 3 });
});

test("mean IoU after each click is over the targets at that click alone", () => {
  const figures = figuresById(clickIou, context, { seed: 0 });
  expect(Object.keys(figures)).toEqual(Array.from({ length: 20 }, (_, i) => `miou@${i + 1}`));
  expect(figures["miou@1"]!.value).toBeCloseTo((0.5 + 0.79 + 0.85) / 3, 12);
  expect(figures["miou@3"]!.value).toBeCloseTo((0.9 + 0.79 + 0.85) / 3, 12);
  expect(figures["miou@20"]!.value).toBeCloseTo((0.4 + 0.79 + 0.9) / 3, 12);
});

test("an image counts as often as its weight says, and figures do not depend on the order of rows", () => {
  const twice = { images, counts: Uint32Array.of(0, 2) };
  for (const given of [rows, [...rows].reverse()])
    expect(noc.fit(given, context)(twice)).toEqual([
      { id: "noc@80", value: 1, n: 2 },
      { id: "noc@85", value: 1, n: 2 },
      { id: "noc@90", value: 20, n: 2 },
    ]);
});

test("an interval of a number of clicks is by image and stays from 1 to 20", () => {
  const many = Array.from({ length: 12 }, (_, i) => clicked(i, 1, filled([], i === 0 ? 0.95 : 0.1))).flat();
  const own = { ...context, rows: many, images: Array.from({ length: 12 }, (_, i) => i) };
  const { value, low, high } = figuresById(noc, own, { seed: 0 })["noc@90"]!;
  expect(value).toBeCloseTo((1 + 11 * 20) / 12, 12);
  expect(high).toBe(20);
  expect(low).toBeGreaterThan(1);
  expect(low).toBeLessThan(value);
});

test("a metric of one row a target has no figure of clicks, and one of clicks none of other rows", () => {
  expect(figuresById(miou, context, { seed: 0 })).toEqual({});
  const once = { ...context, protocol: { id: "miou-gtbox", ranksMasks: false } };
  expect(figuresById(noc, once, { seed: 0 })).toEqual({});
  expect(suits(miou, context.protocol)).toBe(false);
});
