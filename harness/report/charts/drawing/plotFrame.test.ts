import { expect, test } from "vitest";
import { linearScale, logScale } from "./plotFrame.ts";

test("values lie inside by the padding, and px and value are inverse", () => {
  const x = logScale({ values: [30, 400], length: 300, padding: 18 });
  expect(x.px(30)).toBeCloseTo(18, 9);
  expect(x.px(400)).toBeCloseTo(282, 9);
  expect(x.value(x.px(77))).toBeCloseTo(77, 9);
  const y = linearScale({ values: [20, 60], length: 200, padding: 20 });
  expect(y.px(60)).toBeCloseTo(20, 9);
  expect(y.px(20)).toBeCloseTo(180, 9);
  expect(y.value(y.px(33))).toBeCloseTo(33, 9);
});

test("ticks are round and lie inside, however near or far the values", () => {
  expect(logScale({ values: [30, 400], length: 300, padding: 18 }).ticks).toEqual([50, 100, 200]);
  expect(logScale({ values: [30, 45], length: 300, padding: 18 }).ticks).toEqual([30, 35, 40, 45]);
  expect(linearScale({ values: [20, 60], length: 200, padding: 20 }).ticks).toEqual([20, 30, 40, 50, 60]);
  expect(linearScale({ values: [39.5, 39.6], length: 200, padding: 20 }).ticks).toContain(39.5);
});

test("a single value has an axis too", () => {
  for (const scale of [logScale, linearScale]) {
    const { domain, px } = scale({ values: [7], length: 100, padding: 10 });
    expect(domain[1]).toBeGreaterThan(domain[0]);
    expect(px(7)).toBeCloseTo(50, 0);
  }
});
