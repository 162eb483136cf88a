import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { normal, random } from "../../stats/random.ts";
import { blockBytes, packed, quantizeBlocks } from "./blockWeights.ts";

/** These blocks are what the runtime's own quantiser gave: bytes of the integers, 0 stored as half of their range. */
const golden = JSON.parse(readFileSync(new URL("fixtures/blocks.json", import.meta.url), "utf8")) as readonly {
  readonly bits: 4 | 8;
  readonly block: number;
  readonly values: readonly number[];
  readonly bytes: readonly number[];
  readonly scales: readonly number[];
}[];

test("the value of the largest magnitude is the lowest integer, and the scale has the other sign", () => {
  const values = Float32Array.of(-8, 7, 3.2, 0, 4, -1, 0.4, 0.2);
  const { integers, scales } = quantizeBlocks(values, 8, { bits: 4, block: 4 });
  expect([...scales]).toEqual([1, -0.5]);
  expect([...integers]).toEqual([-8, 7, 3, 0, -8, 2, -1, 0]);
});

test("halves go up, and a value that is as large with the other sign is a step off", () => {
  const values = Float32Array.of(-8, 8, 0.5, -0.5);
  expect([...quantizeBlocks(values, 4, { bits: 4, block: 4 }).integers]).toEqual([-8, 7, 1, 0]);
});

test("each row begins a block, and its last one is filled with zeros", () => {
  const values = Float32Array.of(-8, 1, -16, -8, 3, -24);
  const { integers, scales } = quantizeBlocks(values, 3, { bits: 4, block: 2 });
  expect([...scales]).toEqual([1, 2, 1, 3]);
  expect([...integers]).toEqual([-8, 1, -8, 0, -8, 3, -8, 0]);
});

test("a block of zeros stays one", () => {
  expect(quantizeBlocks(new Float32Array(4), 4, { bits: 8, block: 4 })).toEqual({
    integers: new Int8Array(4),
    scales: Float32Array.of(0),
  });
});

test("integers of 4 bits stand two in a byte, the first in the low half", () => {
  expect([...packed(Int8Array.of(1, 2, -1, -8, 5), 4)]).toEqual([0x21, 0x8f, 0x05]);
  expect([...packed(Int8Array.of(1, -1), 8)]).toEqual([1, 255]);
});

test.each(golden)("ONNX Runtime's quantiser gives the same $bits-bit integers and scales", (each) => {
  const { integers, scales } = quantizeBlocks(Float32Array.from(each.values), each.values.length, each);
  const stored = integers.map((integer) => integer + 2 ** (each.bits - 1));
  const bytes = packed(stored, each.bits);
  const given = Math.floor((each.values.length * each.bits) / 8);
  expect([...bytes.subarray(0, given)]).toEqual(each.bytes.slice(0, given));
  expect([...scales]).toEqual(each.scales);
});

test("bytes are those of the integers and a float32 scale for each block", () => {
  expect(blockBytes(10, 64, { bits: 4, block: 32 })).toBe(10 * 2 * (16 + 4));
  expect(blockBytes(10, 65, { bits: 8, block: 32 })).toBe(10 * 3 * (32 + 4));
});

/** Returns the error of a weight over its size, as root mean squares; with zero points, integers go from the least to the largest. */
function errorOf(values: Float32Array, bits: 4 | 8, zeros: "half of the range" | "zero points"): number {
  const block = 32;
  let error = 0;
  let size = 0;
  for (let first = 0; first < values.length; first += block) {
    const own = values.subarray(first, first + block);
    const low = Math.min(0, ...own);
    const step = (Math.max(0, ...own) - low) / (2 ** bits - 1);
    const symmetric = quantizeBlocks(own, block, { bits, block });
    for (const [i, value] of own.entries()) {
      const zero = Math.round(-low / step);
      const integer = Math.min(Math.max(Math.round(value / step) + zero, 0), 2 ** bits - 1) - zero;
      const found = zeros === "zero points" ? integer * step : symmetric.integers[i]! * symmetric.scales[0]!;
      error += (found - value) ** 2;
      size += value ** 2;
    }
  }
  return Math.sqrt(error / size);
}

test.each([
  [4, 0.06],
  [8, 0.1],
] as const)("zero points would take little off the error of %i bits", (bits, share) => {
  const draws = random(0, "weights of a normal distribution");
  const values = Float32Array.from({ length: 32_000 }, () => normal(draws));
  const ratio = errorOf(values, bits, "zero points") / errorOf(values, bits, "half of the range");
  console.log(`${bits} bits: ${ratio.toFixed(3)}`);
  expect(1 - ratio).toBeCloseTo(share, 2);
});
