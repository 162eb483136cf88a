import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runGraph, temporaryFolder } from "./fixtures/runGraph.ts";
import { GraphBuilder } from "./graph.ts";
import { multipliesInt8, sumsInt8In32Bits } from "./int8Sums.ts";

test.each([
  ["flags\t\t: fpu avx2 avx512f avx512_vnni amx_int8\n", true],
  ["flags\t\t: fpu avx2 avx_vnni\n", true],
  ["flags\t\t: fpu avx2 avx512f avx512_vnnix\n", false],
  ["Features\t: fp asimd asimddp\n", false],
])("%j: %s", (cpuinfo, expected) => {
  const root = temporaryFolder();
  mkdirSync(join(root, "proc"));
  writeFileSync(join(root, "proc/cpuinfo"), `processor\t: 0\n${cpuinfo}`);
  expect(sumsInt8In32Bits(root)).toBe(expected);
  rmSync(root, { recursive: true });
});

test("a system without /proc is taken for one that needs the wider way", () => {
  expect(sumsInt8In32Bits("/no such folder")).toBe(false);
});

// Two products of 255 * 127 are already beyond 16 bits. Sizes beside those of a kernel's blocks, a single row and a single
// column take kernels of their own.
test.each([
  [1, 64, 64],
  [5, 67, 33],
  [64, 256, 1],
])("%i x %i x %i products of the largest integers have exact sums", async (rows, inner, columns) => {
  const graph = new GraphBuilder("largest");
  const x = graph.input("x", [rows, inner]);
  const zero = graph.constant("zero", "uint8", [], () => Uint8Array.of(0));
  const bytes = graph.op("QuantizeLinear", [x, graph.number(1), zero]);
  const weight = graph.constant("weight", "int8", [inner, columns], () => new Int8Array(inner * columns).fill(127));
  graph.output("y", graph.op("MatMulIntegerToFloat", [bytes, weight, graph.number(1), graph.number(1), zero]));
  const whole = graph.finish();
  expect(multipliesInt8(whole)).toBe(true);
  const data = new Float32Array(rows * inner).fill(255);
  const { y } = await runGraph(whole, { x: { dims: [rows, inner], data } });
  expect(new Set(y!.data)).toEqual(new Set([255 * 127 * inner]));
});

test("a graph of float products alone has none of integers", () => {
  const graph = new GraphBuilder("float");
  const x = graph.input("x", [2, 2]);
  graph.output("y", graph.op("MatMul", [x, x]));
  expect(multipliesInt8(graph.finish())).toBe(false);
});
