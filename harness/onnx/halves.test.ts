import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { toFloat32 } from "../weights/elements.ts";
import { roundedTo, toBfloats, toHalves } from "./halves.ts";

/** Bits of the same numbers in three types, as PyTorch rounds them. */
type Bits = Readonly<Record<"float32" | "float16" | "bfloat16", readonly number[]>>;
const torch = JSON.parse(readFileSync(new URL("fixtures/halves.json", import.meta.url), "utf8")) as Bits;

test.each(["float16", "bfloat16"] as const)("numbers are rounded to %s as PyTorch rounds them", (type) => {
  const values = new Float32Array(Uint32Array.from(torch.float32).buffer);
  expect([...roundedTo(type, values)]).toEqual(torch[type]);
});

test("every bfloat16 number comes back as it was", () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((each) => (each & 0x7f80) !== 0x7f80);
  expect(toBfloats(toFloat32(new Uint8Array(bits.slice().buffer), "bfloat16"))).toEqual(bits);
});

test("a number between two of bfloat16 goes to the nearer one, to even in the middle, and to infinity beyond the largest", () => {
  const ulp = 2 ** -7;
  const largest = (2 - ulp) * 2 ** 127;
  const values = [1 + 0.4 * ulp, 1 + 0.5 * ulp, 1 + 1.5 * ulp, largest, largest + 2 ** 119, -Infinity, Number.NaN];
  expect([...toBfloats(Float32Array.from(values))]).toEqual([0x3f80, 0x3f80, 0x3f82, 0x7f7f, 0x7f80, 0xff80, 0x7fc0]);
});

test("what says that it is no number still does when its lowest bits alone said so", () => {
  const values = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001).buffer);
  expect([...toBfloats(values)]).toEqual([0x7fc0, 0xffc0]);
});

test("a part of an array is rounded alone", () => {
  expect([...toHalves(Float32Array.of(1, 2, 3).subarray(1, 2))]).toEqual([0x4000]);
});

test("every half-precision number comes back as it was", () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  const values = toFloat32(new Uint8Array(halves.slice().buffer), "float16");
  expect(toHalves(values)).toEqual(halves);
});

test("a number between two goes to the nearer one, to even in the middle, and to infinity beyond the largest", () => {
  const ulp = 2 ** -10;
  const values = [
    1 + 0.4 * ulp,
    1 + 0.5 * ulp,
    1 + 1.5 * ulp,
    65519,
    65520,
    -1e9,
    2 ** -25,
    1.5 * 2 ** -25,
    Number.NaN,
  ];
  expect([...toHalves(Float32Array.from(values))]).toEqual([
    0x3c00, 0x3c00, 0x3c02, 0x7bff, 0x7c00, 0xfc00, 0, 1, 0x7e00,
  ]);
});
