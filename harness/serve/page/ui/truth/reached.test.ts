import { expect, test } from "vitest";
import { rleFromBox } from "../../../../mask/index.ts";
import type { AskedPrompt, ModelAnswer } from "../../contract.ts";
import { noPrompt, withBox, withPoint } from "../prompt/edit.ts";
import { reachedOn } from "./reached.ts";

const size = { height: 10, width: 100 };
const target = rleFromBox({ x0: 0, y0: 0, x1: 100, y1: 10 }, size);

/** An answer whose kept mask is the left part of the target, `percent` of it; the other token is the whole. */
function answer(percent: number): ModelAnswer {
  const mask = rleFromBox({ x0: 0, y0: 0, x1: percent, y1: 10 }, size);
  return { tokens: [{ mask: target }, { mask }], chosen: 1, decodeMs: 1, upscaleMs: 1 };
}

const one = withPoint(noPrompt, { x: 1, y: 1, label: 1 });
const two = withPoint(one, { x: 2, y: 1, label: 1 });
const three = withPoint(two, { x: 3, y: 1, label: 0 });
const boxed = withBox(one, { x0: 0, y0: 0, x1: 5, y1: 5 });

const answers = new Map<AskedPrompt, ModelAnswer>([
  [one, answer(50)],
  [two, answer(88)],
  [three, answer(70)],
  [boxed, answer(91)],
]);
const answerTo = (prompt: AskedPrompt) => answers.get(prompt);

test("the first click that reaches a level counts, though a later one loses it", () => {
  const reached = reachedOn({ prompts: [three, two, one, noPrompt], answerTo }, target);
  expect(reached.iou).toBeCloseTo(0.7);
  expect(reached.clicks).toBe(3);
  expect([...reached.first]).toEqual([[85, 2]]);
});

test("a box counts as one click", () => {
  expect(reachedOn({ prompts: [boxed, one, noPrompt], answerTo }, target)).toMatchObject({
    clicks: 2,
    first: new Map([
      [85, 2],
      [90, 2],
    ]),
  });
});

test("before an answer there is no IoU, and what is known of the way before stays", () => {
  const four = withPoint(three, { x: 4, y: 1, label: 1 });
  const reached = reachedOn({ prompts: [four, three, two, one, noPrompt], answerTo }, target);
  expect(reached.iou).toBeUndefined();
  expect(reached.clicks).toBe(4);
  expect([...reached.first]).toEqual([[85, 2]]);
  expect(reachedOn({ prompts: [noPrompt], answerTo }, target)).toEqual({ iou: undefined, clicks: 0, first: new Map() });
});
