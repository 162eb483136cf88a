import { expect, test } from "vitest";
import { swiftShader, useSwiftShader } from "../fixtures/swiftShader.ts";
import { computesIn, passesTrial } from "./halfProviders.ts";

test("the processor computes in float32 alone, and so does a provider that nobody knows", async () => {
  const asked = [computesIn("cpu", "float16"), computesIn("cpu", "bfloat16"), computesIn("none", "float16")];
  expect(await Promise.all(asked)).toEqual([false, false, false]);
});

test("the trial is passed where its graph runs, as on the processor by casts, and not where an operator is missing", async () => {
  expect(await passesTrial("cpu", "float16")).toBe(true);
  expect(await passesTrial("cpu", "bfloat16")).toBe(false);
});

test("WebGPU has no bfloat16", async () => {
  expect(await computesIn("webgpu", "bfloat16")).toBe(false);
});

test("a provider whose libraries are not here does not compute in float16", async () => {
  expect(await computesIn("coreml", "float16")).toBe(false);
});

test.skipIf(swiftShader === undefined)(
  "a device without float16 is found out, once (needs SwiftShader: chromium and libvulkan1)",
  async () => {
    useSwiftShader();
    const first = computesIn("webgpu", "float16");
    expect(computesIn("webgpu", "float16")).toBe(first);
    expect(await first).toBe(false);
  },
);
