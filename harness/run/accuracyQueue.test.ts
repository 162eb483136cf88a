import { expect, test } from "vitest";
import type { PreparedRun } from "../build/preparedRun.ts";
import { expectedBytes } from "./accuracyQueue.ts";

/** What is asked of a prepared run, with graphs of so many bytes. */
function prepared(source: PreparedRun["manifest"]["weights"]["source"], fileBytes: number | undefined): PreparedRun {
  const graphs = fileBytes === undefined ? undefined : { fileBytes };
  return { measuresLatency: true, manifest: { weights: { source, label: "" }, graphs } } as unknown as PreparedRun;
}

test("graphs that are built here need less than a user's own files of the same size, which may be the published ones", () => {
  // ViT-B and ViT-H: measured peaks are 1.5 and 4.2 GB; the published graph of ViT-B has 6.7.
  expect(expectedBytes(prepared("seeded", 423e6))).toBe(1e9 + 3 * 423e6);
  expect(expectedBytes(prepared("checkpoint", 2653e6))).toBeGreaterThan(4.2e9);
  expect(expectedBytes(prepared("onnx", 360e6))).toBeGreaterThan(6.7e9);
});

test("nothing is expected of a program of the user's, and little of a floor", () => {
  expect(expectedBytes(prepared("external", undefined))).toBeUndefined();
  expect(expectedBytes({ ...prepared("none", undefined), measuresLatency: false })).toBeLessThan(1e9);
});
