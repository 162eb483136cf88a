import { expect, test } from "vitest";
import { axisKinds, parseAxes } from "./axes.ts";
import { precisions } from "./fixtures/precisions.ts";

test("an axis is a name and a list of its values, and there may be two", () => {
  expect(parseAxes(["batch=1, 2,4", "precision=float,int8"], precisions)).toEqual([
    { name: "batch", values: [1, 2, 4] },
    { name: "precision", values: ["float", "int8"] },
  ]);
  expect(parseAxes(["provider=cpu,webgpu"], precisions)).toEqual([{ name: "provider", values: ["cpu", "webgpu"] }]);
});

test.each([
  ["no axis", [], "--over: over what?"],
  ["an unknown axis", ["sides=1,2"], "unknown axis: sides; did you mean side?"],
  [
    "an axis without values",
    ["batch"],
    "--over batch: no value of this axis (found nothing, expected a whole number from 1 to 256)",
  ],
  ["a value of another kind", ["threads=1,2.5"], "--over threads: no value of this axis (found 2.5"],
  [
    "a number out of range",
    ["side=16,32"],
    "--over side: no value of this axis (found 16, expected a whole number from 32 to 4096)",
  ],
  ["one value", ["batch=4"], "--over batch: one value is no axis"],
  ["a value twice", ["batch=1,4,1"], "--over batch: a value stands twice (found 1)"],
  ["an axis twice", ["batch=1,2", "batch=4,8"], "--over batch: stands twice"],
  ["three axes", ["batch=1,2", "threads=1,2", "prompts=1,2"], "--over: more than two axes"],
  ["a precision that there is not", ["precision=float,int4"], "unknown precision: int4; did you mean int8?"],
  ["a provider that this build does not have", ["provider=cpu,tpu"], "unknown provider: tpu"],
])("%s is refused", (_, given, message) => {
  expect(() => parseAxes(given, precisions)).toThrow(message);
});

test("points are called by their values", () => {
  expect(axisKinds.threads.label(1)).toBe("1 thread");
  expect(axisKinds.threads.label(2)).toBe("2 threads");
  expect(axisKinds.side.label(512)).toBe("512 px");
});
