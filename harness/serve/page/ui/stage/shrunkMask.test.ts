import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRle, encodeRle } from "../../../../mask/index.ts";
import { edgeOf, shrunkMask } from "./shrunkMask.ts";

test("a mask at its own size is its bitmap, and at any other each pixel is the one under its centre", () => {
  const side = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(side, side, side, side, fc.infiniteStream(fc.boolean()), (height, width, rows, columns, inside) => {
      const size = { height, width };
      const bitmap = Uint8Array.from({ length: height * width }, () => Number(inside.next().value));
      const mask = encodeRle(bitmap, size);
      expect(shrunkMask(mask, size)).toEqual(decodeRle(mask));
      const drawn = shrunkMask(mask, { height: rows, width: columns });
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++) {
          const under = Math.floor(((y + 0.5) * height) / rows) * width + Math.floor(((x + 0.5) * width) / columns);
          expect(drawn[y * columns + x]).toBe(bitmap[under]);
        }
    }),
  );
});

test("the edge is the line inside the mask, and the photo's border is none", () => {
  const size = { height: 5, width: 5 };
  const bitmap = Uint8Array.from([1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  expect([...edgeOf(bitmap, size, 1)]).toEqual([
    ...[0, 0, 0, 1, 0],
    ...[0, 0, 0, 1, 0],
    ...[0, 0, 0, 1, 0],
    ...[1, 1, 1, 1, 0],
    ...[0, 0, 0, 0, 0],
  ]);
});
