import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OnnxGraph } from "../../api.ts";
import { toFloat32 } from "../../weights/elements.ts";
import { readSignature } from "../files/signature.ts";
import { runGraph, wave } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { roundedTo } from "../halves.ts";
import { structureHash, writeGraph } from "../write.ts";
import { rewriteGraph } from "./rewrite.ts";
import { isLarge, storedIn } from "./storedIn.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const width = 64;
const x = wave([2, width]);

/** Two products share a matrix of 64 x 64; the bias of 64 numbers is small. */
function twoProducts(matrix: Float32Array = wave([width, width]).data): OnnxGraph {
  const graph = new GraphBuilder("g");
  const weight = graph.constant("layer.weight", "float32", [width, width], () => matrix);
  const bias = graph.constant("layer.bias", "float32", [width], () => wave([width]).data);
  const first = graph.op("Add", [graph.op("MatMul", [graph.input("x", [2, width]), weight]), bias]);
  graph.output("y", graph.op("MatMul", [first, weight]));
  return graph.finish();
}

test.each(["float16", "bfloat16"] as const)(
  "weights of %s are computed with as their rounded numbers are",
  async (type) => {
    const rounded = roundedTo(type, wave([width, width]).data);
    const expected = await runGraph(twoProducts(toFloat32(new Uint8Array(rounded.buffer), type)), { x });
    const found = await runGraph(storedIn(twoProducts(), type), { x });
    expect(found.y!.data).toEqual(expected.y!.data);
    expect(found.y!.data).not.toEqual((await runGraph(twoProducts(), { x })).y!.data);
  },
);

test("a weight of two nodes is stored once under its own name, and has one Cast", () => {
  const file = writeGraph(storedIn(twoProducts(), "float16"), folder);
  const { nodes, stored, initializers } = readSignature(file).body!;
  expect(nodes.filter(({ operator }) => operator === "Cast").map(({ inputs }) => inputs)).toEqual([["layer.weight"]]);
  expect(stored).toEqual({ float16: width * width, float32: width });
  expect([...initializers!]).toEqual(["layer.weight", "layer.bias"]);
});

test("the file has two bytes a weight, and the graph says so", () => {
  const float = twoProducts();
  const half = storedIn(float, "float16");
  expect(float.counts.constantBytes - half.counts.constantBytes).toBe(2 * width * width);
  const size = statSync(writeGraph(half, folder)).size;
  expect(size - half.counts.constantBytes).toBeLessThan(600);
  expect(structureHash(half)).not.toBe(structureHash(float));
});

test("nodes, values and work stay as they are, and a rewritten graph keeps what is stored in 16 bits", () => {
  const float = twoProducts();
  const half = storedIn(float, "bfloat16");
  expect(half.nodes).toEqual(float.nodes);
  expect(half.counts.macs()).toEqual(float.counts.macs());
  const again = rewriteGraph(half, () => undefined);
  expect(structureHash(again)).toBe(structureHash(half));
  expect(again.counts.constantBytes).toBe(half.counts.constantBytes);
});

test("only the constants that are chosen are stored in 16 bits, tensors of over 1024 numbers if nothing is said", () => {
  const storedAs = (graph: OnnxGraph) => graph.constants.map((each) => each.storedAs);
  expect(storedAs(storedIn(twoProducts(), "float16"))).toEqual(["float16", undefined]);
  expect(storedAs(storedIn(twoProducts(), "float16", ({ name }) => name.endsWith("bias")))).toEqual([
    undefined,
    "float16",
  ]);
  const dims = (rows: number) => ({ name: "w", type: "float32", dims: [rows], bytes: 0, read: () => x.data }) as const;
  expect([isLarge(dims(1024)), isLarge(dims(1025))]).toEqual([false, true]);
});

test("a number over float16's largest is refused with the weight's name, and bfloat16 holds it", async () => {
  const large = wave([width, width]).data;
  large[7] = -65_520;
  expect(() => writeGraph(storedIn(twoProducts(large), "float16"), folder)).toThrow(
    "layer.weight: its numbers are too large for float16 (found 65520.0, expected at most 65504)",
  );
  const { y } = await runGraph(storedIn(twoProducts(large), "bfloat16"), { x });
  expect(y!.data.every(Number.isFinite)).toBe(true);
});
