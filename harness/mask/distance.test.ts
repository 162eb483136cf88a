import fc from "fast-check";
import { expect, test } from "vitest";
import { centrePoint, squaredDistances } from "./distance.ts";
import coco from "./fixtures/masks_coco.json" with { type: "json" };
import pipeline from "./fixtures/pipeline.json" with { type: "json" };
import { encodeRle } from "./rle.ts";
import { parseCounts } from "./rleString.ts";

const bitmaps = fc
  .record({
    height: fc.integer({ min: 1, max: 16 }),
    width: fc.integer({ min: 1, max: 16 }),
    holes: fc.nat({ max: 30 }),
  })
  .chain(({ height, width, holes }) => {
    const bits = fc.array(fc.nat({ max: holes }), { minLength: height * width, maxLength: height * width });
    return bits.map((values) => ({ size: { height, width }, bitmap: Uint8Array.from(values, (v) => (v > 0 ? 1 : 0)) }));
  });

/** Compares every pixel against every 0, the ring around the image included. */
function bruteForce(bitmap: Uint8Array, height: number, width: number): number[] {
  const zeros: [number, number][] = [];
  for (let y = -1; y <= height; y++) {
    for (let x = -1; x <= width; x++) {
      const outside = x < 0 || y < 0 || x === width || y === height;
      if (outside || bitmap[y * width + x] === 0) zeros.push([x, y]);
    }
  }
  return Array.from(bitmap, (_, i) => {
    const px = i % width;
    const py = Math.floor(i / width);
    return Math.min(...zeros.map(([x, y]) => (x - px) ** 2 + (y - py) ** 2));
  });
}

test("squared distances are exact", () => {
  fc.assert(
    fc.property(bitmaps, ({ size, bitmap }) => {
      expect([...squaredDistances(bitmap, size)]).toEqual(bruteForce(bitmap, size.height, size.width));
    }),
  );
});

test("the image's edge is an outline", () => {
  expect([...squaredDistances(new Uint8Array(15).fill(1), { height: 3, width: 5 })]).toEqual([
    ...[1, 1, 1, 1, 1],
    ...[1, 4, 4, 4, 1],
    ...[1, 1, 1, 1, 1],
  ]);
});

test("the centre point of real masks is the one of OpenCV's exact transform", () => {
  const masks = new Map(coco.map(({ id, rle }) => [id, rle]));
  for (const { annotation, x, y, distance } of pipeline.centre_point) {
    const { counts, size } = masks.get(annotation)!;
    const centre = centrePoint(parseCounts(counts, { height: size[0]!, width: size[1]! }));
    expect(centre).toMatchObject({ x, y });
    // The reference is float32: 24 bits of a few hundred pixels.
    expect(Math.abs(centre!.distancePx - distance)).toBeLessThan(1e-4);
  }
  expect(pipeline.centre_point.length).toBe(120);
});

test("among equals the first in row-major order is the centre", () => {
  const twoSquares = Uint8Array.of(...[0, 0, 0, 1], ...[1, 0, 0, 0]);
  expect(centrePoint(encodeRle(twoSquares, { height: 2, width: 4 }))).toEqual({ x: 3, y: 0, distancePx: 1 });
});

test("a taken pixel is passed over, and nothing is left when all are taken", () => {
  const mask = encodeRle(Uint8Array.of(...[0, 0, 0, 1], ...[1, 0, 0, 0]), { height: 2, width: 4 });
  expect(centrePoint(mask, [{ x: 3, y: 0 }])).toEqual({ x: 0, y: 1, distancePx: 1 });
  expect(
    centrePoint(mask, [
      { x: 3, y: 0 },
      { x: 0, y: 1 },
    ]),
  ).toBeUndefined();
});

test("an empty mask has no centre", () => {
  expect(centrePoint(encodeRle(new Uint8Array(6), { height: 2, width: 3 }))).toBeUndefined();
});
