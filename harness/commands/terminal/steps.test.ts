import { expect, test } from "vitest";
import { memoryConsole } from "../fixtures/bench.ts";
import { createSteps } from "./steps.ts";

test("a step keeps its line until another begins or the work is finished", () => {
  const steps = createSteps(memoryConsole());
  const first = steps.follow("first", { total: 2, unit: "images" });
  expect(steps.follow("first", { total: 2, unit: "images" })).toBe(first);
  expect(steps.follow("second", { total: 2, unit: "images" })).not.toBe(first);
  const second = steps.follow("second", { total: 2, unit: "images" });
  steps.finish();
  expect(steps.follow("second", { total: 2, unit: "images" })).not.toBe(second);
});

test("a note is a whole line, with a step under way and without one", () => {
  const console = memoryConsole();
  const steps = createSteps(console);
  steps.note("before");
  steps.follow("first", { total: 2, unit: "images" });
  steps.note("within");
  expect(console.said.notes).toBe("before\nwithin\n");
});
