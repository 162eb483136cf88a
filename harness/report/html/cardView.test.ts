import { expect, test } from "vitest";
import { cardView } from "./cardView.ts";

const size = { width: 640, height: 480 };
const noPrompt = { points: [] };

test("a card of a small target shows it with its surroundings, inside the photo", () => {
  const truth = [[100, 200, 120, 200, 120, 220, 100, 220]];
  // 14 % of 640 px is more than 2.5 times 20 px.
  expect(cardView({ size, truth, prompt: noPrompt })).toEqual({ x: 51, y: 165, width: 119, height: 90 });
  const corner = [[620, 460, 640, 460, 640, 480, 620, 480]];
  expect(cardView({ size, truth: corner, prompt: noPrompt })).toEqual({ x: 521, y: 390, width: 119, height: 90 });
});

test("a card of a large target shows the whole photo", () => {
  const truth = [[50, 50, 600, 50, 600, 400, 50, 400]];
  expect(cardView({ size, truth, prompt: noPrompt })).toEqual({ x: 0, y: 0, ...size });
});

test("without the ground truth the prompt says where the target is; without a prompt it is anywhere", () => {
  const box = { x0: 300, y0: 300, x1: 310, y1: 310 };
  expect(cardView({ size, prompt: { points: [], box } })).toMatchObject({ x: 246, width: 119 });
  expect(cardView({ size, prompt: noPrompt })).toEqual({ x: 0, y: 0, ...size });
});
