import { expect, test } from "vitest";
import type { PromptSampler, Target } from "../api.ts";
import { rleFromCounts } from "../mask/index.ts";
import { random } from "../stats/random.ts";
import { givenBox, maskBox } from "./box.ts";

/** The mask's columns 2 and 3, rows 1 and 2; the annotation's box is a little off. */
const target: Target = {
  id: 5,
  image: 1,
  category: 1,
  areaPx: 4,
  crowd: false,
  box: { x0: 1.5, y0: 1.25, x1: 4, y1: 3 },
  mask: rleFromCounts([9, 2, 2, 2, 5], { height: 4, width: 5 }),
};

function promptFor(sampler: PromptSampler, of: Target) {
  return sampler.prompts(of, random(0, "box")).next().value;
}

test("the given box is the annotation's, to the fraction of a pixel", () => {
  expect(promptFor(givenBox, target)).toEqual({ frame: "image", points: [], box: target.box });
});

test("a detector's box needs no mask", () => {
  const { mask: _, ...detection } = target;
  expect(promptFor(givenBox, detection)).toEqual({ frame: "image", points: [], box: target.box });
  expect(() => promptFor(maskBox, detection)).toThrow("no mask to draw prompts from");
});

test("the mask's box ends one past its last pixel", () => {
  expect(promptFor(maskBox, target)).toEqual({ frame: "image", points: [], box: { x0: 2, y0: 1, x1: 4, y1: 3 } });
});

test("an empty mask has no box", () => {
  const empty = { ...target, mask: rleFromCounts([20], { height: 4, width: 5 }) };
  expect(() => promptFor(maskBox, empty)).toThrow("target 5: its mask has no pixel");
});
