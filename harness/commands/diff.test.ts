import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSmallGraph } from "../diff/fixtures/smallGraph.ts";
import { diff } from "./diff.ts";
import { memoryConsole } from "./fixtures/bench.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const defaults = Object.fromEntries(
  Object.entries(diff.options).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
);

async function diffOf(args: Readonly<Record<string, unknown>>) {
  const console = memoryConsole();
  const code = await diff.run({ ...defaults, threads: 1, ...args }, console);
  return { code, ...console.said };
}

test("the answer names the first tensor that diverges, what it reads and why masks are left out, and the exit code is 1", async () => {
  const a = writeSmallGraph({ folder, name: "a" });
  const b = writeSmallGraph({ folder, name: "b", changed: (value) => 1.01 * value });
  const chart = join(folder, "depth.vl.json");
  const { code, out, notes } = await diffOf({ a, b, chart });
  expect(code).toBe(1);
  expect(out).toContain("not the same: the first tensor that diverges is blocks.2/MatMul, 9 of 17 (53 % of the depth)");
  expect(out).toMatch(/reads blocks\.2\.weight: differs by up to \d\.\de-2 of its std, rms 1\.0e-2/);
  expect(out).toContain("what it is computed from agrees: blocks.1/Add_1 (0)");
  expect(out).toContain("not of floating point: 2 bool in A, 2 bool in B");
  expect(out).toContain("masks: not compared: both sides are files");
  expect(notes).toContain(`${chart}: written`);
  expect(readFileSync(chart, "utf8")).toContain("the first over it is blocks.2/MatMul");
});

test("two graphs that agree have the exit code 0, and JSON holds every tensor", async () => {
  const a = writeSmallGraph({ folder, name: "a" });
  const b = writeSmallGraph({ folder, name: "same" });
  const { code, out } = await diffOf({ a, b, json: true });
  expect(code).toBe(0);
  const { same, tensors, outputs } = JSON.parse(out);
  expect([same, tensors.length]).toEqual([true, 17]);
  expect(tensors[0]).toMatchObject({ a: { name: "blocks.0/MatMul", place: 1 }, matchedBy: "name", error: { max: 0 } });
  expect(outputs).toMatchObject([{ a: "y", b: "y", error: { max: 0 } }]);
});

test("a graph is not compared with itself, and slips in options are named", async () => {
  const a = writeSmallGraph({ folder, name: "a" });
  await expect(diffOf({ a, b: a })).rejects.toThrow("a.onnx: both sides are this graph");
  await expect(diffOf({ a, b: a, graph: "fast" })).rejects.toThrow("--graph: no such graph (found fast");
  await expect(diffOf({ a, b: a, provider: "cpu,webgpu,cuda" })).rejects.toThrow(
    "--provider: one value, or one for each",
  );
  await expect(diffOf({ a, b: join(folder, "none.onnx") })).rejects.toThrow("none.onnx: no such file");
  const b = writeSmallGraph({ folder, name: "b", changed: (value) => 2 * value });
  await expect(diffOf({ a, b, dims: ["rows"] })).rejects.toThrow("--dims: a name and a value are needed (found rows");
  await expect(diffOf({ a, b, memory: "much" })).rejects.toThrow("--memory: must be a number over 0 with its unit");
});
