import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolvePlan } from "../../harness/plan/plan.ts";
import { runPlan } from "../../harness/run/runner.ts";
import type { StoredRun } from "../../harness/store/store.ts";
import { writtenLayouts } from "./fixtures/writtenLayouts.ts";

let folder: string;
let encoder: string;
let decoder: string;
let renamed: string;
let pointsOnly: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  ({ encoder, decoder, renamed, pointsOnly } = await writtenLayouts(folder));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("bench run measures files beside the built-in variant, with the same masks", async () => {
  const plan = await resolvePlan({
    variants: "mine,renamed,points,sam-nano",
    dataset: "shapes",
    prompts: "1p",
    limit: 1,
    rounds: 1,
    warmup: 0,
    threads: 1,
    // As the command line's list splits it.
    "variant-files": [`mine=${decoder}`, encoder, `renamed=${encoder}`, renamed, `points=${pointsOnly}`],
    "onnx-names": ["iou_predictions=scores"],
  });
  const notes: string[] = [];
  const observer = {
    note: (text: string) => void notes.push(text),
    calibration: () => undefined,
    images: () => undefined,
    rounds: () => undefined,
    starts: () => undefined,
    energy: () => undefined,
    overlap: () => undefined,
  };
  const results = join(folder, "results");
  const outcome = await runPlan({ plan, results, asPassed: [], observer, signal: new AbortController().signal });
  const [mine, other, points, own] = outcome.runs as [StoredRun, StoredRun, StoredRun, StoredRun];
  expect(notes[0]).toBe(
    "mine: encoder.onnx and decoder.onnx, taken as: SAM's official decoder export, with an encoder from another file",
  );
  const expected = await iousOf(own);
  expect(expected.size).toBeGreaterThan(10);
  for (const run of [mine, other, points]) {
    const given = await iousOf(run);
    expect([...given.keys()]).toEqual([...expected.keys()]);
    for (const [key, iou] of given) expect(iou).toBeCloseTo(expected.get(key)!, 2);
    expect((await run.latency())[0]!.decodeMs[0]).toBeGreaterThan(0);
  }

  const resolvedOf = ({ manifest }: StoredRun) => manifest.plan.resolved as { readonly valueNames?: object };
  expect(resolvedOf(other).valueNames).toEqual({ scores: "iou_predictions" });
  expect(resolvedOf(mine).valueNames).toBeUndefined();

  const { manifest } = mine;
  expect(manifest.variant).toMatchObject({ id: "mine", paper: { title: "ONNX files of the user's own" } });
  expect(manifest.weights).toMatchObject({ source: "onnx", label: "encoder.onnx, decoder.onnx" });
  expect(manifest.weights.files!.map(({ name }) => name)).toEqual(["encoder.onnx", "decoder.onnx"]);
  expect(JSON.stringify({ ...manifest, plan: 0 })).not.toContain(folder);
  // What is stored is told, what the files compute is not counted.
  expect(manifest.graphs).toEqual({
    parameters: 1494655,
    constants: 1494840,
    constantBytes: 6113094,
    fileBytes: 6113094,
  });
}, 300_000);

async function iousOf(run: StoredRun): Promise<Map<number, number>> {
  const ious = new Map<number, number>();
  for await (const row of run.rows()) if (row.kind === "prediction") ious.set(row.target, row.iou ?? 0);
  return ious;
}
