import { expect, test } from "vitest";
import { type Cell, verdicts } from "./verdict.ts";

const whole = { images: 5000, ofImages: 5000 };
const cell = (value: number, more: Partial<Cell> = {}): Cell => ({
  published: 46.5,
  decimals: 1,
  tolerance: 0.1,
  point: 1,
  ours: { value, ...whole },
  ...more,
});

test("on all images a difference up to rounding and tolerance is none, and a larger one is", () => {
  // 46.5 may be 46.45 to 46.55, and the recipe allows 0.1 more.
  const found = verdicts([cell(46.649), cell(46.651), cell(46.351), cell(46.349)]);
  expect(found.map(({ kind }) => kind)).toEqual(["reproduced", "differs", "reproduced", "differs"]);
  expect(found[1]).toMatchObject({ difference: expect.closeTo(0.151, 9), allowed: expect.closeTo(0.15, 9) });
});

test("drawn prompts widen what is allowed by the spread of their seeds", () => {
  // Standard deviation 0.1, two degrees of freedom: 4.303 * 0.1 * sqrt(4 / 3) = 0.4968.
  const seeds = [46.9, 47.0, 47.1];
  const [found] = verdicts([cell(47.0, { ours: { value: 47.0, ...whole, seeds } })]);
  expect(found).toMatchObject({ kind: "reproduced", allowed: expect.closeTo(0.15 + 0.4968, 3) });
  const [far] = verdicts([cell(47.2, { ours: { value: 47.2, ...whole, seeds: seeds.map((each) => each + 0.2) } })]);
  expect(far).toMatchObject({ kind: "differs" });
});

test("on a part of the images, too few of them leave a cell undecided without a number", () => {
  const [found] = verdicts([cell(60, { ours: { value: 60, images: 3, ofImages: 5000 } })]);
  expect(found).toEqual({ kind: "undecided", difference: 13.5, allowed: expect.closeTo(0.15, 9) });
});

test("on a part of the images, a difference that its spread rules out is one, with p corrected for the cells", () => {
  const ours = { value: 50, low: 49, high: 51, images: 1000, ofImages: 5000 };
  const [alone] = verdicts([cell(50, { ours })]);
  expect(alone).toMatchObject({ kind: "differs" });
  const [corrected] = verdicts([
    cell(50, { ours }),
    cell(46.5, { ours: { ...ours, value: 46.5, low: 45.5, high: 47.5 } }),
  ]);
  expect((corrected as { p: number }).p / (alone as { p: number }).p).toBeCloseTo(2, 9);
});

test("nothing shows a point where rounding alone hides it", () => {
  const ours = { value: 47, low: 40, high: 54, images: 100, ofImages: 5000 };
  const [found] = verdicts([cell(47, { decimals: 0, tolerance: 0.5, ours })]);
  expect(found).toMatchObject({ kind: "undecided" });
  expect(found).not.toMatchObject({ needed: expect.anything() });
});
