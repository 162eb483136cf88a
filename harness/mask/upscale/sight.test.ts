import { expect, test } from "vitest";
import { sightOf, withThreeTaps } from "./sight.ts";

/** Output 0 sees input 0, output 1 inputs 0 and 1, output 2 input 1, and output 3 inputs 1 and 2. */
const operator = {
  taps: 2,
  first: Int32Array.of(0, 0, 0, 1),
  weights: Float64Array.of(1, 0, 0.5, 0.5, 0, 1, 0.25, 0.75),
};

test("an output sees the inputs that have a weight", () => {
  const { first, end } = sightOf(operator, 3);
  expect([...first]).toEqual([0, 0, 1, 1]);
  expect([...end]).toEqual([1, 2, 2, 3]);
});

test("outputs are counted by what they see", () => {
  const { before, reached } = sightOf(operator, 3);
  expect([...before]).toEqual([0, 1, 3, 4]);
  expect([...reached]).toEqual([0, 2, 4, 4]);
});

test("what an output sees never falls, even where a weight within happens to be 0", () => {
  const { first, end } = sightOf({ ...operator, weights: Float64Array.of(0, 1, 1, 0, 0.5, 0.5, 1, 0) }, 3);
  expect([...first]).toEqual([0, 0, 0, 1]);
  expect([...end]).toEqual([2, 2, 2, 2]);
});

test("taps that are added have weight 0", () => {
  const { taps, first, weights } = withThreeTaps(operator);
  expect({ taps, first }).toEqual({ taps: 3, first: operator.first });
  expect([...weights]).toEqual([1, 0, 0, 0.5, 0.5, 0, 0, 1, 0, 0.25, 0.75, 0]);
});
