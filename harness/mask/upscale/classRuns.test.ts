import { expect, test } from "vitest";
import { ClassRuns } from "./classRuns.ts";
import { classes } from "./levels.ts";

const size = { height: 4, width: 3 };

test("runs are of what exceeds the mask's level, areas of each level", () => {
  const runs = new ClassRuns();
  runs.begin();
  runs.turn(2, classes.loose);
  runs.turn(5, classes.tight);
  runs.turn(6, classes.mask);
  runs.turn(9, classes.below);
  runs.end(size);
  expect([...runs.mask(size).counts]).toEqual([5, 4, 3]);
  expect(runs.areaFrom(classes.loose)).toBe(7);
  expect(runs.areaFrom(classes.mask)).toBe(4);
  expect(runs.areaFrom(classes.tight)).toBe(1);
});

test("nothing of a mask is left when the next one begins", () => {
  const runs = new ClassRuns();
  for (let mask = 0; mask < 2; mask++) {
    runs.begin();
    runs.turn(0, classes.mask);
    runs.end(size);
    expect([...runs.mask(size).counts]).toEqual([0, 12]);
    expect(runs.areaFrom(classes.loose)).toBe(12);
  }
});
