import { expect, test } from "vitest";
import { random } from "../stats/random.ts";
import { parseBits } from "./bits.ts";
import { fakeQuantize, fakeQuantizeRows, quantizerFor, roundHalfEven } from "./uniform.ts";

test("halves round to even, as the runtime rounds", () => {
  expect([0.5, 1.5, 2.5, -1.5, -2.5, 2.4999, -2.6].map(roundHalfEven)).toEqual([0, 2, 2, -2, -2, 2, -3]);
});

test("a range of -1 to 2 at 2 bits has steps of 1, and 0 stays 0", () => {
  const quantizer = quantizerFor(-1, 2, 2);
  expect(quantizer).toEqual({ bits: 2, scale: 1, zeroPoint: 1 });
  expect([...fakeQuantize(Float32Array.of(-9, -0.6, 0, 0.4, 1.5, 9), quantizer)]).toEqual([-1, -1, 0, 0, 2, 2]);
});

test("a range on one side of 0 reaches to 0", () => {
  expect(quantizerFor(3, 6, 2)).toEqual({ bits: 2, scale: 2, zeroPoint: 0 });
  expect(quantizerFor(-6, -3, 2)).toEqual({ bits: 2, scale: 2, zeroPoint: 3 });
  expect(quantizerFor(0, 0, 4).scale).toBe(1);
});

test("no value inside the range is off by more than half a step, at any width", () => {
  const stream = random(0, "test");
  const values = Float32Array.from({ length: 500 }, () => 4 * stream.next() - 1);
  for (let bits = 2; bits <= 8; bits++) {
    const quantizer = quantizerFor(-1, 3, bits);
    const off = fakeQuantize(values, quantizer).map((value, i) => Math.abs(value - values[i]!));
    expect(Math.max(...off)).toBeLessThan(quantizer.scale * 0.5001);
    expect(new Set(fakeQuantize(values, quantizer)).size).toBeLessThanOrEqual(2 ** bits);
  }
});

test("each output channel has a quantiser of its own", () => {
  const rows = [quantizerFor(0, 3, 2), quantizerFor(0, 30, 2)];
  expect([...fakeQuantizeRows(Float32Array.of(1.2, 2.2, 1.2, 12.2), rows)]).toEqual([1, 2, 0, 10]);
});

test("bit settings are read, and refused out of range or in another form", () => {
  expect(parseBits("w4a8")).toEqual({ weights: 4, activations: 8 });
  expect(() => parseBits("w1a8")).toThrow("w1a8: bits out of range (expected w and a with 2 to 8 bits each");
  expect(() => parseBits("w8a16")).toThrow("w8a16: bits out of range");
  expect(() => parseBits("int8")).toThrow("int8: not a bit setting");
});
