import { expect, test } from "vitest";
import type { Point, Prompt, Rle, Target } from "../api.ts";
import { encodeRle, parseCounts, rleFromBox, rleFromCounts } from "../mask/index.ts";
import { random } from "../stats/random.ts";
import { clicks } from "./clicks.ts";
import golden from "./fixtures/clicks.json" with { type: "json" };

function targetOf(mask: Rle): Target {
  return { id: 5, image: 1, category: 1, areaPx: 4, crowd: false, box: { x0: 0, y0: 0, x1: 1, y1: 1 }, mask };
}

/** The clicks of the last of `count` prompts, where `predict` answers each. */
function clickOn(mask: Rle, count: number, predict: (prompt: Prompt<"image">) => Rle): readonly Point[] {
  const prompts = clicks.prompts(targetOf(mask), random(0, "clicks"));
  let step = prompts.next();
  for (let i = 1; i < count; i++) {
    if (step.done) throw new Error("ended early");
    step = prompts.next({ mask: predict(step.value), token: 1 });
  }
  if (step.done) throw new Error("ended early");
  return step.value.points;
}

/** Predicts as the maker of the fixture does: the mask is the box around all foreground clicks, 12 px wider on each side. */
function grownBox({ points }: Prompt<"image">, { size }: Rle): Rle {
  const foreground = points.filter(({ label }) => label === 1);
  const xs = foreground.map(({ x }) => x);
  const ys = foreground.map(({ y }) => y);
  const bitmap = new Uint8Array(size.height * size.width);
  for (let y = Math.max(Math.min(...ys) - 12, 0); y < Math.min(Math.max(...ys) + 13, size.height); y++) {
    for (let x = Math.max(Math.min(...xs) - 12, 0); x < Math.min(Math.max(...xs) + 13, size.width); x++) {
      bitmap[y * size.width + x] = 1;
    }
  }
  return encodeRle(bitmap, size);
}

test("five clicks on real masks are those of the reference clicker", () => {
  expect(golden.length).toBe(12);
  for (const { rle, clicks: expected } of golden) {
    const mask = parseCounts(rle.counts, { height: rle.size[0]!, width: rle.size[1]! });
    const made = clickOn(mask, 5, (prompt) => grownBox(prompt, mask));
    expect(made.map(({ x, y, label }) => [x, y, label])).toEqual(expected);
  }
});

const size = { height: 9, width: 12 };
const square = rleFromBox({ x0: 2, y0: 2, x1: 7, y1: 7 }, size);

test("the first click is the mask's centre", () => {
  expect(clickOn(square, 1, () => square)).toEqual([{ x: 4, y: 4, label: 1 }]);
});

test("as deep an error on both sides is a background click", () => {
  // Missed: a column of the square, 1 px deep; added: a column beside it, 1 px deep.
  const shifted = rleFromBox({ x0: 3, y0: 2, x1: 8, y1: 7 }, size);
  expect(clickOn(square, 2, () => shifted)[1]).toEqual({ x: 7, y: 2, label: 0 });
});

test("a pixel clicked before is passed over", () => {
  const nothing = rleFromCounts([108], size);
  expect(clickOn(square, 3, () => nothing)).toEqual([
    { x: 4, y: 4, label: 1 },
    // Of the pixels 2 px deep, the first in row-major order.
    { x: 3, y: 3, label: 1 },
    { x: 4, y: 3, label: 1 },
  ]);
});

test("where nothing is wrong the click is background on the first pixel, as in the source", () => {
  expect(clickOn(square, 3, () => square).slice(1)).toEqual([
    { x: 0, y: 0, label: 0 },
    { x: 0, y: 0, label: 0 },
  ]);
});
