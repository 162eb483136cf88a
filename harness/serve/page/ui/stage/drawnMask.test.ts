import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRle, encodeRle } from "../../../../mask/index.ts";
import { drawnMask, edgeOf } from "./drawnMask.ts";
import { heldView, placeUnder, projectionOf } from "./view.ts";

const side = fc.integer({ min: 1, max: 40 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const drawnBitmap = fc
  .tuple(side, side)
  .chain(([height, width]) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: height * width, maxLength: height * width })
      .map((values) => ({ size: { height, width }, bitmap: Uint8Array.from(values) })),
  );

test("a mask at its own size is its bitmap", () => {
  fc.assert(
    fc.property(drawnBitmap, ({ size, bitmap }) => {
      const mask = encodeRle(bitmap, size);
      expect(drawnMask(mask, projectionOf(size, size))).toEqual(decodeRle(mask));
    }),
  );
});

test("zoomed and moved, each pixel of the canvas is the mask's pixel under its centre", () => {
  fc.assert(
    fc.property(
      drawnBitmap,
      fc.integer({ min: 1, max: 50 }),
      share,
      share,
      fc.double({ min: 1, max: 3, noNaN: true }),
      (drawn, columns, x, y, zoom) => {
        const { size, bitmap } = drawn;
        const canvas = { height: Math.max(1, Math.round((columns * size.height) / size.width)), width: columns };
        const at = { x: x * size.width, y: y * size.height };
        const view = heldView(size, { at, under: { x: 0.5, y: 0.5 } }, zoom);
        const projection = projectionOf(canvas, size, view);
        const found = drawnMask(encodeRle(bitmap, size), projection);
        for (let row = 0; row < canvas.height; row++)
          for (let column = 0; column < canvas.width; column++) {
            const place = {
              x: (column + 0.5) / canvas.width,
              y: ((row + 0.5) / canvas.width) * (size.width / size.height),
            };
            const under = placeUnder(view, size, place);
            // Rounding decides between two pixels where a centre lies on the line between them.
            const isOnLine = [under.x, under.y].some((value) => Math.abs(value - Math.round(value)) < 1e-9);
            // A canvas has a row at least, and ends behind a very flat photo.
            const pixel = bitmap[Math.floor(under.y) * size.width + Math.floor(under.x)] ?? 0;
            if (!isOnLine) expect([row, column, found[row * columns + column]]).toEqual([row, column, pixel]);
          }
      },
    ),
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
