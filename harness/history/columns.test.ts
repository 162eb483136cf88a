import { expect, test } from "vitest";
import { columnsOf } from "./columns.ts";
import { daysOf, examplePrompts, exampleRecord } from "./fixtures/columns.ts";
import type { PublishedRecord } from "./record.ts";

const box = () => ["miou.box"];
const encode = () => ["encode"];
const base = exampleRecord(1);

/** Puts three results into columns, the second of which has other fields. */
function columnsWith(fields: Partial<PublishedRecord>, figures: () => readonly string[]) {
  const results = [exampleRecord(1), exampleRecord(2, fields), exampleRecord(3)].map((record) => ({ record }));
  return columnsOf(results, figures).map(({ points, differs }) => ({ days: daysOf(points), differs }));
}

const otherHash = "f".repeat(64);
const otherMetric = { ...examplePrompts(0.6).metrics.miou!, code: otherHash };
const apart: readonly (readonly [differs: string, Partial<PublishedRecord>])[] = [
  ["weights", { weights: { ...base.weights, source: "nano" } }],
  ["data", { data: { ...base.data, fingerprint: "f2" } }],
  ["images", { data: { ...base.data, images: { ...base.data.images, sha256: otherHash } } }],
  ["seed", { seed: 1 }],
  ["protocol", { prompts: { box: { ...examplePrompts(0.6), protocol: "miou-gtbox" } } }],
  ["code of the rows", { prompts: { box: examplePrompts(0.6, otherHash) } }],
  ["code of the metric", { prompts: { box: { ...examplePrompts(0.6), metrics: { miou: otherMetric } } } }],
];

test.each(apart)("accuracies that differ in %s never stand in one column", (differs, fields) => {
  expect(columnsWith(fields, box)).toEqual([
    { days: [1, 3], differs: [differs] },
    { days: [2], differs: [differs] },
  ]);
});

const { machine, runtime } = base;
const otherMachines: readonly (readonly [differs: string, Partial<PublishedRecord>])[] = [
  ["processor", { machine: { ...machine, cpu: { ...machine.cpu, model: "another" } } }],
  ["processor's features", { machine: { ...machine, cpu: { ...machine.cpu, flags: ["avx512f"] } } }],
  ["system", { machine: { ...machine, os: { ...machine.os, platform: "darwin" } } }],
  ["Node", { machine: { ...machine, node: "22.0.0" } }],
  ["threads", { runtime: { ...runtime, threads: 1 } }],
  ["provider", { runtime: { ...runtime, onnxruntime: "1.31.0" } }],
  ["runtime's settings", { runtime: { ...runtime, spinning: true } }],
  ["warm-up", { measured: { ...base.measured, warmup: 1 } }],
  ["code that measures", { measured: { ...base.measured, code: otherHash } }],
];

test.each(otherMachines)(
  "latencies that differ in %s never stand in one column, and accuracies do",
  (differs, fields) => {
    expect(columnsWith(fields, encode)).toEqual([
      { days: [1, 3], differs: [differs] },
      { days: [2], differs: [differs] },
    ]);
    expect(columnsWith(fields, box)).toEqual([{ days: [1, 2, 3], differs: [] }]);
  },
);

test("a failed image changes what accuracy is about, and not what latency is measured on", () => {
  const images = { ...base.data.images, finished: 25, failed: 1, sha256: otherHash };
  const fields = { data: { ...base.data, images } };
  expect(columnsWith(fields, box).map(({ days }) => days)).toEqual([[1, 3], [2]]);
  expect(columnsWith(fields, encode)).toEqual([{ days: [1, 2, 3], differs: [] }]);
});

test("another checkpoint, another number of rounds and another code of the variant are what a commit changes: one column", () => {
  const fields = { weights: { ...base.weights, sha256: otherHash }, measured: { ...base.measured, rounds: 60 } };
  expect(columnsWith(fields, box)).toEqual([{ days: [1, 2, 3], differs: [] }]);
  expect(columnsWith(fields, encode)).toEqual([{ days: [1, 2, 3], differs: [] }]);
});

test("a checkpoint with a name of its own is another row, and says so by its name", () => {
  const mine = exampleRecord(2, { variant: { id: "sam-nano", name: "sam-nano:mine", title: "SAM nano" } });
  const columns = columnsOf([{ record: base }, { record: mine }], box);
  expect(columns.map(({ row, differs }) => [row, differs])).toEqual([
    ["sam-nano", []],
    ["sam-nano:mine", []],
  ]);
});
