import { expect, test } from "vitest";
import { criticalShift } from "./criticalShift.ts";
import { nullSeries } from "./fixtures/histories.ts";
import { largestSplit, noiseOf } from "./stretches.ts";

/** Series that the table was not made of. */
const first = 100_000;

test.each([
  [6, 8000],
  [8, 8000],
  [11, 8000],
  [14, 8000],
  [15, 8000],
  [24, 8000],
  [40, 4000],
  [80, 2000],
])("of series of %i values without a change at most 2.5 %% exceed the critical value", (length, draws) => {
  let exceeding = 0;
  for (let draw = first; draw < first + draws; draw++) {
    const values = nullSeries(length, draw);
    if (largestSplit(values, noiseOf(values)).shift > criticalShift(length)) exceeding++;
  }
  console.info(`${length} values: ${((100 * exceeding) / draws).toFixed(2)} %`);
  expect(exceeding / draws).toBeLessThan(0.025);
  expect(exceeding / draws).toBeGreaterThan(0.008);
});
