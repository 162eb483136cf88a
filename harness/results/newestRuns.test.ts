import { expect, test } from "vitest";
import { exampleManifest } from "../store/fixtures/run.ts";
import { factsOf } from "../store/schema/runFacts.ts";
import { newestOfEach, newestRuns } from "./storedRuns.ts";

test("the newest of many runs stay, in their order", () => {
  const runs = [3, 1, 2, 5, 4].map((day) => {
    const facts = factsOf({ ...exampleManifest(), createdAt: `2024-05-0${day}T12:00:00.000Z` });
    return { folder: String(day), facts };
  });
  const daysOf = (most: number) => newestRuns(runs, most).map(({ folder }) => folder);
  expect(daysOf(3)).toEqual(["3", "5", "4"]);
  expect(daysOf(1)).toEqual(["5"]);
  expect(daysOf(9)).toEqual(["3", "1", "2", "5", "4"]);
});

test("the same variant on two providers is two questions, and a floor is one", () => {
  const facts = (id: string, provider: string, role?: "floor") => {
    const manifest = exampleManifest();
    const variant = { ...manifest.variant, role };
    return factsOf({ ...manifest, id, variant, runtime: { ...manifest.runtime, provider } });
  };
  const idsOf = (...runs: readonly ReturnType<typeof facts>[]) => newestOfEach(runs).map(({ id }) => id);
  expect(idsOf(facts("a", "cpu"), facts("b", "webgpu"), facts("c", "cpu"))).toEqual(["c", "b"]);
  expect(idsOf(facts("a", "cpu", "floor"), facts("b", "webgpu", "floor"))).toEqual(["b"]);
});
