import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { memoryConsole } from "../fixtures/bench.ts";
import { createSteps } from "./steps.ts";

test("a step keeps its line until another begins or the work is finished", () => {
  const steps = createSteps(memoryConsole());
  const first = steps.follow("first", { total: 2, unit: "images" });
  expect(steps.follow("first", { total: 2, unit: "images" })).toBe(first);
  expect(steps.follow("second", { total: 2, unit: "images" })).not.toBe(first);
  // Two variants are measured side by side, and each goes on counting from its own beginning.
  expect(steps.follow("first", { total: 2, unit: "images" })).toBe(first);
  const second = steps.follow("second", { total: 2, unit: "images" });
  steps.finish();
  expect(steps.follow("second", { total: 2, unit: "images" })).not.toBe(second);
});

test("a total that grows with the work is shown as it is now: no counter leaves its total behind", () => {
  let written = "";
  const stream = new Writable({
    write(chunk, _, done) {
      written += String(chunk);
      done();
    },
  });
  const steps = createSteps({ out: stream, notes: Object.assign(stream, { isTTY: true, columns: 80 }) });
  const clock = { nowMs: () => 1000 * (written.length + 1) };
  for (const done of [0, 1, 2])
    steps.follow("calibration", { total: done + 1, unit: "steps", clock }).update(done, "layers");
  expect(written.match(/[\d.]+\/[\d.]+ steps/g)).toEqual(["0/1 steps", "1/2 steps", "2/3 steps"]);
});

test("a note is a whole line, with a step under way and without one", () => {
  const console = memoryConsole();
  const steps = createSteps(console);
  steps.note("before");
  steps.follow("first", { total: 2, unit: "images" });
  steps.note("within");
  expect(console.said.notes).toBe("before\nwithin\n");
});
