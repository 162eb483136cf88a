import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRle, encodeRle } from "../rle.ts";
import { placeMask } from "./place.ts";

test("a crop's mask lies in the image where the crop does, and the rest is empty", () => {
  const mask = encodeRle(Uint8Array.of(1, 0, 1, 1), { height: 2, width: 2 });
  const placed = placeMask(mask, { x0: 1, y0: 1, x1: 3, y1: 3 }, { height: 4, width: 3 });
  expect([...decodeRle(placed)]).toEqual([0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0]);
});

test("a whole image's mask stays as it is", () => {
  const size = { height: 3, width: 2 };
  for (const bits of [
    [1, 1, 1, 1, 1, 1],
    [0, 0, 0, 0, 0, 0],
    [1, 0, 1, 1, 0, 1],
  ]) {
    const mask = encodeRle(Uint8Array.from(bits), size);
    expect(placeMask(mask, { x0: 0, y0: 0, x1: 2, y1: 3 }, size)).toEqual(mask);
  }
});

test("read back from its box, a placed mask is what it was, in the same runs as if it had been drawn there", () => {
  const cases = fc
    .record({
      x0: fc.nat(4),
      y0: fc.nat(4),
      width: fc.integer({ min: 1, max: 6 }),
      height: fc.integer({ min: 1, max: 6 }),
      right: fc.nat(3),
      below: fc.nat(3),
    })
    .chain((place) =>
      fc.record({
        place: fc.constant(place),
        bits: fc.array(fc.integer({ min: 0, max: 1 }), {
          minLength: place.width * place.height,
          maxLength: place.width * place.height,
        }),
      }),
    );
  fc.assert(
    fc.property(cases, ({ place: { x0, y0, width, height, right, below }, bits }) => {
      const box = { x0, y0, x1: x0 + width, y1: y0 + height };
      const image = { height: box.y1 + below, width: box.x1 + right };
      const placed = placeMask(encodeRle(Uint8Array.from(bits), { height, width }), box, image);
      expect([...decodeRle(placed, box)]).toEqual(bits);
      expect(placed).toEqual(encodeRle(decodeRle(placed), image));
      const inside = bits.reduce((sum, bit) => sum + bit, 0);
      expect(decodeRle(placed).reduce((sum, bit) => sum + bit, 0)).toBe(inside);
    }),
  );
});
