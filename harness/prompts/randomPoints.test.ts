import fc from "fast-check";
import { expect, test } from "vitest";
import type { Point, Rle, Target } from "../api.ts";
import { areaOf, encodeRle, rleFromCounts } from "../mask/index.ts";
import { isInside } from "./pixels.ts";
import { randomPoints } from "./randomPoints.ts";
import { streamOf } from "./stream.ts";

const size = { height: 4, width: 5 };
const bitmaps = fc.uint8Array({ minLength: 20, maxLength: 20, max: 1 }).filter((bitmap) => bitmap.includes(1));

function targetOf(mask: Rle, id = 5): Target {
  return { id, image: 1, category: 1, areaPx: 4, crowd: false, box: { x0: 0, y0: 0, x1: 1, y1: 1 }, mask };
}

function pointsOf(count: number, target: Target, seed = 0): readonly Point[] {
  const sampler = randomPoints(count);
  const step = sampler.prompts(target, streamOf(seed, sampler, target)).next();
  if (step.done) throw new Error("no prompt");
  return step.value.points;
}

test("points are different pixels of the mask, all foreground, as many as asked for or as there are", () => {
  fc.assert(
    fc.property(bitmaps, fc.integer({ min: 1, max: 9 }), fc.nat(), (bitmap, count, seed) => {
      const mask = encodeRle(bitmap, size);
      const points = pointsOf(count, targetOf(mask), seed);
      expect(points.length).toBe(Math.min(count, areaOf(mask)));
      expect(new Set(points.map(({ x, y }) => `${x} ${y}`)).size).toBe(points.length);
      expect(points.every((point) => point.label === 1 && isInside(mask, point))).toBe(true);
    }),
  );
});

test("one point is the first of three", () => {
  const target = targetOf(rleFromCounts([0, 20], size));
  for (let seed = 0; seed < 20; seed++) expect(pointsOf(3, target, seed)[0]).toEqual(pointsOf(1, target, seed)[0]);
});

test("points follow from seed and target, not from what other targets drew", () => {
  const mask = rleFromCounts([0, 20], size);
  const alone = pointsOf(3, targetOf(mask, 7));
  const inOrder = [5, 6, 7].map((id) => pointsOf(3, targetOf(mask, id)));
  const turned = [7, 6, 5].map((id) => pointsOf(3, targetOf(mask, id)));
  expect(inOrder[2]).toEqual(alone);
  expect(turned).toEqual([...inOrder].reverse());
  expect(new Set(inOrder.map((points) => JSON.stringify(points))).size).toBe(3);
  expect(pointsOf(3, targetOf(mask, 7), 1)).not.toEqual(alone);
});

test("every pixel of the mask is as likely as any other", () => {
  // Two parts of 4 and 8 px; 6,000 draws: 500 a pixel, with a standard deviation of 21.
  const mask = rleFromCounts([0, 4, 8, 8], size);
  const drawn = new Map<string, number>();
  for (let id = 0; id < 6000; id++) {
    const [{ x, y }] = pointsOf(1, targetOf(mask, id)) as [Point];
    drawn.set(`${x} ${y}`, (drawn.get(`${x} ${y}`) ?? 0) + 1);
  }
  expect(drawn.size).toBe(12);
  for (const times of drawn.values()) expect(Math.abs(times - 500)).toBeLessThan(5 * 21);
});
