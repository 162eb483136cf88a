import { expect, test } from "vitest";
import { toFloat32 } from "../weights/elements.ts";
import { toHalves } from "./halves.ts";

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
