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

// Images beside the sizes of a kernel's blocks; a kernel of one place, of nine, and of each channel by itself.
test.each([
  [64, 1, 1],
  [67, 3, 1],
  [32, 3, 32],
])(
  "%i channels convolved by %i x %i in groups of the largest integers have exact sums",
  async (channels, side, group) => {
    const graph = new GraphBuilder("largest");
    const x = graph.input("x", [1, channels, 5, 7]);
    const bytes = (value: number) => graph.constant(`byte ${value}`, "uint8", [], () => Uint8Array.of(value));
    const dims = [channels, channels / group, side, side];
    const count = dims.reduce((product, dim) => product * dim, 1);
    const kernels = graph.constant("kernels", "int8", dims, () => new Int8Array(count).fill(127));
    const ones = graph.constant("ones", "float32", [channels], () => new Float32Array(channels).fill(1));
    const zeros = graph.constant("zeros", "int8", [channels], () => new Int8Array(channels));
    const perResult = count / channels;
    const integers = graph.op("QuantizeLinear", [x, graph.number(1), bytes(0)]);
    // One step of the result is one of the sum's largest, in 200 parts.
    const step = (255 * 127 * perResult) / 200;
    const to = [graph.number(step), bytes(0)];
    const sums = graph.op("QLinearConv", [integers, graph.number(1), bytes(0), kernels, ones, zeros, ...to], {
      kernel_shape: [side, side],
      group,
    });
    graph.output("y", graph.op("DequantizeLinear", [sums, ...to]));
    const whole = graph.finish();
    expect(multipliesInt8(whole)).toBe(true);
    const data = new Float32Array(channels * 35).fill(255);
    const { y } = await runGraph(whole, { x: { dims: [1, channels, 5, 7], data } });
    expect(new Set(y!.data)).toEqual(new Set([Math.fround(200 * Math.fround(step))]));
  },
);

// Beside 127, whose step is 1, values of a quarter are rounded away where activations become integers.
test.each([
  [1, false],
  [4, true],
])("weights in blocks on level %i: activations are integers, too, is %s", async (level, expected) => {
  const graph = new GraphBuilder("blocks");
  const x = graph.input("x", [2, 32]);
  const integers = graph.constant("integers", "uint8", [16, 1, 16], () => new Uint8Array(256).fill(0x99));
  const scales = graph.constant("scales", "float32", [16, 1], () => new Float32Array(16).fill(1));
  const attributes = { K: 32, N: 16, bits: 4, block_size: 32, accuracy_level: level };
  graph.output("y", graph.op("MatMulNBits", [x, integers, scales], attributes));
  const whole = graph.finish();
  expect(multipliesInt8(whole)).toBe(expected);
  const data = Float32Array.from({ length: 64 }, (_, i) => (i % 32 === 0 ? 127 : 0.25));
  const { y } = await runGraph(whole, { x: { dims: [2, 32], data } });
  expect(new Set(y!.data)).toEqual(new Set([expected ? 127 : 127 + 31 / 4]));
});

test("a graph of float products alone has none of integers", () => {
  const graph = new GraphBuilder("float");
  const x = graph.input("x", [2, 2]);
  graph.output("y", graph.op("MatMul", [x, x]));
  expect(multipliesInt8(graph.finish())).toBe(false);
});
