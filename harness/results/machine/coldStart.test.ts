import { expect, test } from "vitest";
import type { ProcessStart } from "../../store/schema.ts";
import { coldStartOf } from "./coldStart.ts";

const start = (given: Partial<ProcessStart>): ProcessStart => ({
  optimisation: "all",
  libraryMs: 5,
  readMs: 2,
  coldReadMs: 7,
  createMs: 40,
  encodeMs: 30,
  decodeMs: 4,
  ...given,
});
const pairs = [
  start({ optimisation: "disabled", createMs: 30, encodeMs: 90 }),
  start({ createMs: 50, encodeMs: 31 }),
  start({ createMs: 61, encodeMs: 35 }),
  start({ optimisation: "disabled", createMs: 38, encodeMs: 95 }),
  start({ optimisation: "disabled", createMs: 33, encodeMs: 99 }),
  start({ createMs: 30, encodeMs: 33 }),
];

test("creation is that of graphs as they are, and optimisation what the other start of its pair takes more", () => {
  const { stages } = coldStartOf({ coldStart: pairs })!;
  expect(stages.create).toMatchObject({ median: 33, n: 3 });
  // 50 − 30, 61 − 38, 30 − 33.
  expect(stages.optimise).toMatchObject({ median: 20, q1: 8.5, q3: 21.5, n: 3 });
});

test("the first run is that of optimised graphs, which later runs are of; files and library are of all starts", () => {
  const { stages } = coldStartOf({ coldStart: pairs })!;
  expect(stages["first-encode"]).toMatchObject({ median: 33, n: 3 });
  expect(stages.library?.n).toBe(6);
  expect(stages["load-cold"]).toMatchObject({ median: 7, n: 6 });
});

test("where the files of one start stayed in the cache there is no cold read, and the reason is told", () => {
  const stayed = "4096 bytes stayed in the file cache";
  const found = coldStartOf({ coldStart: [...pairs, start({ coldReadMs: undefined, stayed })] })!;
  expect(found.stages["load-cold"]).toBeUndefined();
  expect(found.stages.load?.n).toBe(7);
  expect(found.stayed).toBe(stayed);
});

test("a run without starts has none, and one that was stopped after its first start lacks what takes two", () => {
  expect(coldStartOf({})).toBeUndefined();
  const { stages } = coldStartOf({ coldStart: pairs.slice(0, 1) })!;
  expect(Object.keys(stages)).toEqual(["library", "load", "load-cold", "create"]);
});
