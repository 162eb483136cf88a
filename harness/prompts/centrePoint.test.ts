import { expect, test } from "vitest";
import type { Feedback, Point, Rle, Target } from "../api.ts";
import { encodeRle } from "../mask/index.ts";
import { random } from "../stats/random.ts";
import { centrePoints, errorRegion } from "./centrePoint.ts";

/** Returns the mask drawn by rows of text: # is a pixel of the mask. */
function draw(...rows: string[]): Rle {
  const bitmap = Uint8Array.from(rows.join(""), (pixel) => (pixel === "#" ? 1 : 0));
  return encodeRle(bitmap, { height: rows.length, width: rows[0]!.length });
}

function targetOf(mask: Rle): Target {
  return { id: 5, image: 1, category: 1, areaPx: 4, crowd: false, box: { x0: 0, y0: 0, x1: 1, y1: 1 }, mask };
}

/** The points of the last prompt, after these predictions in turn. */
function pointsAfter(target: Target, predictions: readonly Rle[]): readonly Point[] {
  const prompts = centrePoints.prompts(target, random(0, "centre"));
  const first = prompts.next();
  const last = predictions.reduce((_, mask) => prompts.next({ mask, token: 1 } satisfies Feedback), first);
  if (last.done) throw new Error("ended early");
  return last.value.points;
}

const square = draw(".......", ".#####.", ".#####.", ".#####.", ".#####.", ".#####.", ".......");

test("the first point is the mask's centre", () => {
  expect(pointsAfter(targetOf(square), [])).toEqual([{ x: 3, y: 3, label: 1 }]);
});

test("the next is the centre of what is missed, foreground", () => {
  const upper = draw(".......", ".#####.", ".#####.", ".......", ".......", ".......", ".......");
  expect(pointsAfter(targetOf(square), [upper])).toEqual([
    { x: 3, y: 3, label: 1 },
    { x: 2, y: 4, label: 1 },
  ]);
});

test("or of what is added, background", () => {
  const more = draw("###....", "######.", "######.", ".#####.", ".#####.", ".#####.", ".......");
  expect(pointsAfter(targetOf(square), [more])[1]).toEqual({ x: 0, y: 0, label: 0 });
  const band = draw("#######", "#######", "#######", "#######", "#######", "#######", "#######");
  expect(pointsAfter(targetOf(draw("#......", ...Array<string>(6).fill("......."))), [band])[1]).toEqual({
    x: 3,
    y: 3,
    label: 0,
  });
});

test("a missed and an added part that touch are one region", () => {
  // Missed: columns 1 and 2; added: column 3. Together three wide, so the centre is column 2; each alone is at most two wide.
  const mask = draw(".....", ".##..", ".##..", ".##..", ".....");
  const beside = draw(".....", "...#.", "...#.", "...#.", ".....");
  expect(pointsAfter(targetOf(mask), [beside]).at(-1)).toEqual({ x: 2, y: 2, label: 1 });
  expect(errorRegion(mask, beside)).toEqual(draw(".....", ".###.", ".###.", ".###.", "....."));
});

test("no pixel comes twice, though the prediction stays as wrong as it was", () => {
  const nothing = draw(...Array<string>(7).fill("......."));
  const points = pointsAfter(targetOf(square), Array<Rle>(8).fill(nothing));
  expect(new Set(points.map(({ x, y }) => `${x} ${y}`)).size).toBe(9);
});

test("a right prediction adds no point, and a later error does", () => {
  expect(pointsAfter(targetOf(square), [square, square])).toEqual([{ x: 3, y: 3, label: 1 }]);
  const nothing = draw(...Array<string>(7).fill("......."));
  expect(pointsAfter(targetOf(square), [square, nothing]).length).toBe(2);
});
