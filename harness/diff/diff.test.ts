import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSignature } from "../onnx/files/signature.ts";
import { GraphBuilder } from "../onnx/graph.ts";
import { mul } from "../onnx/layers.ts";
import { writeGraph } from "../onnx/write.ts";
import { diffGraphs, type GraphDiff, isSame } from "./diff.ts";
import { type SmallGraph, twice, writeSmallGraph } from "./fixtures/smallGraph.ts";
import { sharedInputs } from "./inputs.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sideOf = (file: string) => ({ name: file, title: file, signature: readSignature(file), provider: "cpu" });

async function diffOf(fileA: string, fileB: string, memoryBytes = 4e9): Promise<GraphDiff> {
  const a = sideOf(fileA);
  const b = sideOf(fileB);
  const values = mkdtempSync(join(folder, "values-"));
  const inputs = sharedInputs(a.signature, b.signature, {
    dims: new Map(),
    renames: new Map(),
    seed: 0,
    given: new Map(),
  });
  const observer = { note: () => undefined, runs: () => undefined };
  const { signal } = new AbortController();
  const common = { tolerance: 2e-4, memoryBytes, threads: 1, folder: values, observer, signal };
  const found = await diffGraphs({ a, b, inputs, ...common });
  expect(readdirSync(values)).toEqual([]);
  return found;
}

const written = (name: string, graph: Omit<SmallGraph, "folder" | "name"> = {}) => {
  return writeSmallGraph({ folder, name, ...graph });
};

test("a weight that was changed is found by the first tensor that follows from it, by name", async () => {
  const found = await diffOf(written("a"), written("b", { changed: (value) => 1.01 * value }));
  const { pair, inputs, stored } = found.first!;
  expect([pair.a.name, pair.b.name, pair.by]).toEqual(["blocks.2/MatMul", "blocks.2/MatMul", "name"]);
  expect(inputs.map(({ a, error }) => [a.name, error.max])).toEqual([["blocks.1/Add_1", 0]]);
  expect(stored).toMatchObject([{ a: "blocks.2.weight", b: "blocks.2.weight", error: { values: 256 } }]);
  expect(stored[0]!.error!.rms).toBeCloseTo(0.01, 4);
  expect(isSame(found)).toBe(false);
  expect(found.outputs.map(({ a, error }) => [a, error.max > 2e-4])).toEqual([["y", true]]);
  expect(found.a.skipped).toEqual(["Equal", "zeros"].map((name) => ({ name, reason: "bool" })));
});

test("without names in common, and with operators that one side alone has, tensors are matched by shape and order", async () => {
  const others = { scope: "layers", extra: twice };
  const same = await diffOf(written("a"), written("c", others));
  expect(isSame(same)).toBe(true);
  expect(same.pairs.every(({ error }) => error.max < 1e-5)).toBe(true);
  expect([same.pairs.length, same.a.alone.length]).toEqual([same.a.count, 0]);
  expect(same.b.alone.map(({ node }) => node.operator)).toEqual(Array(8).fill("Mul"));
  const found = await diffOf(written("a"), written("d", { ...others, changed: (value) => 1.01 * value }));
  const { pair, stored } = found.first!;
  expect([pair.a.name, pair.b.name, pair.by]).toEqual(["blocks.2/MatMul", "layers.2/MatMul", "order"]);
  expect(stored.map(({ a, b }) => [a, b])).toEqual([["blocks.2.weight", "layers.2.weight"]]);
});

test("a value that is no number on one side alone diverges, whatever the tolerance is", async () => {
  const found = await diffOf(written("a"), written("e", { changed: (value, i) => (i === 5 ? Number.NaN : value) }));
  const { pair } = found.first!;
  // Column 5 of the product, in each of four rows.
  expect([pair.a.name, pair.error.notFinite]).toEqual(["blocks.2/MatMul", 4]);
});

test("outputs of other shapes are refused by name", async () => {
  const graph = new GraphBuilder("narrow");
  const x = graph.input("x", [4, 16]);
  graph.output("y", graph.op("ReduceMean", [x, graph.ints([1])], { keepdims: 1 }));
  const narrow = writeGraph(graph.finish(), folder);
  await expect(diffOf(written("a"), narrow)).rejects.toThrow(
    "output y: the two graphs give other shapes (found 4,16 in A, 4,1 in B)",
  );
});

/** Computes eight tensors of 8 MB, and one of 48 MB before the last. */
function writtenLarge(name: string): string {
  const graph = new GraphBuilder(name);
  let x = graph.input("column", [512, 1]);
  for (const [i, columns] of [...Array(7).fill(4096), 6 * 4096, 4096].entries()) {
    const row = graph.constant(`row ${i}`, "float32", [1, columns], () => new Float32Array(columns).fill(i + 0.5));
    x = graph.op("ReduceMean", [mul(graph, x, row), graph.ints([1])], { keepdims: 1 });
  }
  graph.output("y", x);
  return writeGraph(graph.finish(), folder);
}

test("groups that fit the memory give what one group gives, and a tensor that fits in none is named", async () => {
  const a = writtenLarge("large-a");
  const b = writtenLarge("large-b");
  const whole = await diffOf(a, b);
  expect([whole.runs, whole.tooLarge]).toEqual([6, []]);
  // All 112 MB were outputs of one run, and then there twice. Less of it leaves no place for the large tensor.
  const parts = await diffOf(a, b, whole.memory.peakBytes - 100e6);
  expect(parts.runs).toBeGreaterThan(6);
  expect(parts.tooLarge.map((pair) => pair.a.dims)).toEqual([[512, 6 * 4096]]);
  const figures = ({ pairs }: GraphDiff) => pairs.map((pair) => [pair.a.name, pair.error]);
  const left = new Set(parts.tooLarge.map((pair) => pair.a.name));
  expect(figures(parts)).toEqual(figures(whole).filter(([name]) => !left.has(name as string)));
  await expect(diffOf(a, b, 1e6)).rejects.toThrow("--memory: a run of the graphs alone takes more (found 1MB");
});
