import { expect, test } from "vitest";
import type { Prompt, PromptSampler, Rle, Target } from "../api.ts";
import { rleFromBox, rleFromCounts, union } from "../mask/index.ts";
import { boxThenErrors, centreThenErrors } from "./errorPoints.ts";
import { streamOf } from "./stream.ts";

/** Twice the decoder's side: one of its pixels is 4 px here, and ten are 40. */
const size = { height: 300, width: 512 };
const mask = rleFromBox({ x0: 100, y0: 100, x1: 141, y1: 141 }, size);
const box = { x0: 99.5, y0: 100, x1: 141, y1: 141 };
const nothing = rleFromCounts([300 * 512], size);

function targetOf(id: number): Target {
  return { id, image: 1, category: 1, areaPx: 1681, crowd: false, box, mask };
}

function promptsAfter(sampler: PromptSampler, predictions: readonly Rle[], id = 5): readonly Prompt<"image">[] {
  const target = targetOf(id);
  const prompts = sampler.prompts(target, streamOf(0, sampler, target));
  const steps = [prompts.next(), ...predictions.map((prediction) => prompts.next({ mask: prediction, token: 0 }))];
  return steps.map((step) => {
    if (step.done) throw new Error("ended early");
    return step.value;
  });
}

test("the first prompt is the annotated box, which stays; or the centre of the mask", () => {
  const fromBox = promptsAfter(boxThenErrors, [nothing]);
  expect(fromBox[0]).toEqual({ frame: "image", points: [], box });
  expect(fromBox[1]).toMatchObject({ box, points: [{ label: 1 }] });
  const fromCentre = promptsAfter(centreThenErrors, [nothing]);
  expect(fromCentre[0]).toEqual({ frame: "image", points: [{ x: 120, y: 120, label: 1 }] });
  expect(fromCentre[1]!.points.length).toBe(2);
  expect(fromCentre[1]!.points[0]).toEqual({ x: 120, y: 120, label: 1 });
});

test("a point drawn from what is missed is foreground, from what is added background, and both are drawn", () => {
  const shifted = rleFromBox({ x0: 120, y0: 100, x1: 161, y1: 141 }, size);
  const drawn = Array.from({ length: 60 }, (_, id) => promptsAfter(boxThenErrors, [shifted], id)[1]!.points[0]!);
  for (const { x, y, label } of drawn) {
    expect(y).toBeGreaterThanOrEqual(100);
    expect(y).toBeLessThan(141);
    expect(label === 1 ? x >= 100 && x < 120 : x >= 141 && x < 161).toBe(true);
  }
  expect(new Set(drawn.map(({ label }) => label)).size).toBe(2);
});

test("points of earlier rounds are kept", () => {
  const [, second, third] = promptsAfter(boxThenErrors, [nothing, nothing]);
  expect(third!.points.slice(0, 1)).toEqual(second!.points);
  expect(third!.points.length).toBe(2);
});

test("fewer than ten wrong pixels of the decoder's mask draw no point, ten do", () => {
  const lacking = (px: number) =>
    union([
      rleFromBox({ x0: 100, y0: 100, x1: 140, y1: 141 }, size),
      rleFromBox({ x0: 140, y0: 100, x1: 141, y1: 141 - px }, size),
    ]);
  expect(promptsAfter(boxThenErrors, [lacking(39)])[1]).toEqual({ frame: "image", points: [], box });
  expect(promptsAfter(boxThenErrors, [lacking(40)])[1]!.points.length).toBe(1);
});

test("a right prediction draws no point, whatever the image's size", () => {
  expect(promptsAfter(centreThenErrors, [mask, mask])[2]!.points.length).toBe(1);
});
