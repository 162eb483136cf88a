import { expect, test } from "vitest";
import { random } from "../stats/random.ts";
import { Histogram } from "./histogram.ts";
import { type ObserverKind, observer, weightQuantizers } from "./observer.ts";
import { mseQuantizer, omseQuantizer, quantizationError } from "./rangeSearch.ts";
import { fakeQuantize, quantizerFor, type UniformQuantizer } from "./uniform.ts";

/** Two tensors, the second with an outlier. */
const tensors = [Float32Array.of(-1, 0, 1, 2), Float32Array.of(-3, 0, 1, 10)];

function endsOf(kind: ObserverKind): [number, number] {
  const seen = observer(kind, 8);
  for (const tensor of tensors) seen.observe(tensor);
  const { scale, zeroPoint } = seen.quantizer();
  return [-zeroPoint * scale, (255 - zeroPoint) * scale];
}

test("minmax covers every tensor, mean-minmax the mean of their ends", () => {
  const step = 13 / 255;
  for (const [i, end] of [-3, 10].entries()) expect(Math.abs(endsOf("minmax")[i]! - end)).toBeLessThan(step);
  for (const [i, end] of [-2, 6].entries()) expect(Math.abs(endsOf("mean-minmax")[i]! - end)).toBeLessThan(step);
});

test("percentile leaves one value of a thousand outside, half on each side", () => {
  const seen = observer("percentile", 8);
  seen.observe(Float32Array.from({ length: 10_001 }, (_, i) => (i - 5000) / 1000));
  const { scale, zeroPoint } = seen.quantizer();
  expect(-zeroPoint * scale).toBeCloseTo(-4.995, 1);
  expect((255 - zeroPoint) * scale).toBeCloseTo(4.995, 1);
  expect(255 * scale).toBeLessThan(9.995);
});

test("a histogram that grows holds every value, in bins that are whole multiples of its width", () => {
  const histogram = new Histogram();
  for (const values of [[0.5, 0.25], [-100, 3], [7.5], [1e4]]) histogram.observe(Float32Array.from(values));
  const { values, weights } = histogram.samples();
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(6);
  expect([histogram.low, histogram.high]).toEqual([-100, 1e4]);
  expect(values.length).toBeGreaterThanOrEqual(3);
  expect(Math.abs(values[0]! + 100)).toBeLessThan(10);
  expect(values.at(-1)).toBeCloseTo(1e4, -1);
});

test("omse has the least error of every range and zero point there is", () => {
  const stream = random(0, "omse");
  // Mostly small, with a long tail to one side.
  const values = Float32Array.from({ length: 400 }, () => (stream.next() - 0.3) ** 3 * 20);
  for (const bits of [2, 3, 4]) {
    const ours = directError(values, omseQuantizer({ values }, bits));
    let least = Number.POSITIVE_INFINITY;
    const span = Math.max(...values) - Math.min(...values);
    for (let part = 1; part <= 100; part++)
      for (let zeroPoint = 0; zeroPoint < 2 ** bits; zeroPoint++) {
        const scale = Math.fround((span * part) / 100 / (2 ** bits - 1));
        least = Math.min(least, directError(values, { bits, scale, zeroPoint }));
      }
    expect(ours).toBeLessThan(least * 1.01);
    expect(ours).toBeLessThan(directError(values, quantizerFor(Math.min(...values), Math.max(...values), bits)));
    expect(ours).toBeLessThan(directError(values, mseQuantizer({ values }, bits)) * 1.01);
  }
});

test("the error that searches compare is the sum of |x' - x|^2.4", () => {
  const values = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i) * 3);
  const quantizer = quantizerFor(-2, 2.5, 4);
  expect(quantizationError({ values }, quantizer) / directError(values, quantizer)).toBeCloseTo(1, 2);
});

test("the mean of searches lies between what each tensor alone would have", () => {
  const [low, high] = endsOf("mean-mse");
  expect(low).toBeGreaterThan(-3);
  expect(high).toBeGreaterThan(2);
  expect(high).toBeLessThan(10);
});

test("a weight has one quantiser an output channel, by its own range", () => {
  const [first, second] = weightQuantizers(Float32Array.of(-1, 0, 2, 0, 0, 30), 2, { bits: 2, rule: "minmax" });
  expect(first).toEqual({ bits: 2, scale: 1, zeroPoint: 1 });
  expect(second).toEqual({ bits: 2, scale: 10, zeroPoint: 0 });
});

function directError(values: Float32Array, quantizer: UniformQuantizer): number {
  return fakeQuantize(values, quantizer).reduce((sum, value, i) => sum + Math.abs(value - values[i]!) ** 2.4, 0);
}
