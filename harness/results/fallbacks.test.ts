import { expect, test } from "vitest";
import { exampleManifest } from "../store/fixtures/run.ts";
import { fallbackTexts } from "./fallbacks.ts";

const encoder = {
  graph: "encoder",
  nodes: 340,
  fallbacks: [
    { operator: "Round", provider: "cpu", nodes: 2, ms: 1.234 },
    { operator: "Concat", provider: "cpu", nodes: 1, ms: 0.05 },
    { operator: "Shape", provider: "cpu", nodes: 6, ms: 0.004 },
    { operator: "Gather", provider: "cpu", nodes: 3, ms: 0.001 },
  ],
  copies: { toProcessor: 3, toDevice: 1 },
  runMs: 100,
  copiesShare: 0.0312,
};
const { runtime } = exampleManifest();
const textsOf = (assignments: NonNullable<typeof runtime.assignments>) =>
  fallbackTexts({ ...runtime, provider: "webgpu", assignments });

test("a sentence names what ran on the processor with its times, and bounds what copies cost", () => {
  expect(textsOf([encoder])).toEqual([
    "12 of 340 nodes of its encoder run on the processor (2 Round 1.2 ms, 1 Concat 0.05 ms, 6 Shape under 0.01 ms, 3 more); 4 copies and the handing over of work take at most 3.1 % of its time",
  ]);
});

test("no share of copies is told where the device timed none of its kernels", () => {
  const [text] = textsOf([{ ...encoder, copiesShare: undefined }]);
  expect(text).toContain("; 4 copies, whose time its profile does not show");
});

test("a graph that ran on its provider alone has no sentence", () => {
  expect(textsOf([{ ...encoder, fallbacks: [], copies: { toProcessor: 0, toDevice: 0 } }])).toEqual([]);
  expect(fallbackTexts(runtime)).toEqual([]);
});

test("what another device ran is told by its name", () => {
  const [text] = textsOf([{ ...encoder, fallbacks: [{ operator: "Gelu", provider: "cuda", nodes: 1, ms: 2 }] }]);
  expect(text).toContain("1 of 340 nodes of its encoder run on cuda (1 Gelu 2 ms)");
});
