import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { readEnvironment } from "../measure/environment.ts";
import { exampleManifest, examplePrediction } from "./fixtures/run.ts";
import { parseLatencyTurn } from "./latency.ts";
import { migrate } from "./schema/migrations.ts";
import { parseRowLine } from "./schema/rowSchema.ts";
import { parseManifest, schemaVersion } from "./schema.ts";

const written = (value: unknown) => JSON.stringify(value);

test("a manifest comes back as it was written", () => {
  const manifest = exampleManifest();
  expect(parseManifest(written(manifest), "manifest.json")).toEqual(manifest);
});

test("this machine's environment has its place in the manifest", () => {
  const manifest = { ...exampleManifest(), environment: readEnvironment() };
  expect(parseManifest(written(manifest), "manifest.json").environment).toEqual(manifest.environment);
});

test("a manifest of a newer version is refused with a hint", () => {
  const newer = written({ ...exampleManifest(), schema: schemaVersion + 1 });
  const error = thrown(() => parseManifest(newer, "results/x/manifest.json"));
  expect(error.message).toBe(
    "results/x/manifest.json: written by a newer sam-bench (found schema 3, expected at most 2)",
  );
  expect(error.hint).toContain("update sam-bench");
});

test("a damaged manifest names file and field", () => {
  const { seed, ...without } = exampleManifest();
  expect(seed).toBe(1);
  expect(thrown(() => parseManifest(written(without), "m.json")).message).toContain("m.json: field seed");
  expect(thrown(() => parseManifest('{"schema": 1, "id', "m.json")).message).toContain("m.json: not JSON");
  expect(thrown(() => parseManifest("", "m.json")).message).toContain("found nothing");
  expect(thrown(() => parseManifest("[]", "m.json")).message).toContain("m.json: the record");
  expect(thrown(() => parseManifest('{"schema": "one"}', "m.json")).message).toContain("m.json: field schema");
});

test("older manifests are brought up step by step", () => {
  const migrations = {
    1: (old: Record<string, unknown>) => ({ ...old, name: `${String(old.name)} two` }),
    2: (old: Record<string, unknown>) => ({ ...old, name: `${String(old.name)} three` }),
  };
  const options = { file: "m.json", version: 3, migrations };
  expect(migrate({ schema: 1, name: "one" }, options)).toEqual({ schema: 3, name: "one two three" });
  expect(migrate({ schema: 2, name: "two" }, options)).toEqual({ schema: 3, name: "two three" });
  expect(migrate({ schema: 3, name: "three" }, options)).toEqual({ schema: 3, name: "three" });
});

test("rows come back as they were written", () => {
  const rows = [
    examplePrediction(1, 2, 0.5),
    { ...examplePrediction(1, 3, 0), score: 0.25, prompt: { points: [{ x: 1, y: 2, label: 0 }] } },
    { kind: "failure", image: 4, message: "truncated" },
    { kind: "image", image: 4, rows: 1 },
  ];
  for (const row of rows) expect(parseRowLine(written(row), "rows.jsonl:1")).toEqual(row);
});

test("a row without an IoU has no field iou", () => {
  const { iou, ...detected } = examplePrediction(1, 2, 0.5);
  expect(iou).toBe(0.5);
  expect(parseRowLine(written(detected), "rows.jsonl:1")).toEqual(detected);
});

test("a damaged row names file, line and field", () => {
  const parse = (value: unknown) => thrown(() => parseRowLine(written(value), "rows.jsonl:7")).message;
  // JSON has no NaN: it is written as null.
  expect(parse({ ...examplePrediction(1, 2, 0.5), iou: Number.NaN })).toContain("rows.jsonl:7: field iou");
  expect(parse({ ...examplePrediction(1, 2, 0.5), step: 0 })).toContain("rows.jsonl:7: field step");
  expect(parse({ kind: "guess" })).toContain("rows.jsonl:7: field kind");
  expect(parse({ ...examplePrediction(1, 2, 0.5), prompt: { points: [{ x: 1, y: 2, label: 3 }] } })).toContain(
    "field prompt.points.0.label",
  );
});

test("a turn keeps its samples in order", () => {
  const turn = {
    kind: "turn",
    round: 3,
    turn: 1,
    prepareMs: [3, 1],
    encodeMs: [40],
    decodeMs: [9, 8, 7],
    upscaleMs: [],
    batches: [{ prompts: 16, durationMs: 60 }],
    load: 0.4,
  };
  expect(parseLatencyTurn(written(turn), "latency.jsonl:1")).toEqual(turn);
});

function thrown(step: () => unknown): HarnessError {
  try {
    step();
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
