import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OnnxGraph } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { seededCheckpoint, seededTensor } from "../weights/index.ts";
import { temporaryFolder, wave } from "./fixtures/runGraph.ts";
import { GraphBuilder } from "./graph.ts";
import { toHalves } from "./halves.ts";
import { openSession } from "./session.ts";
import { structureHash, writeGraph } from "./write.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** x W + b with a W of `rows` x 1024; over 4096 rows the weights pass the 16 MiB that stay inside the model file. */
function product(rows: number, name = "g"): OnnxGraph {
  const graph = new GraphBuilder(name);
  const checkpoint = seededCheckpoint();
  const x = graph.input("x", ["prompts", rows]);
  const y = graph.op("MatMul", [x, graph.weight(checkpoint.take("w", [rows, 1024]))]);
  const first = graph.op("Slice", [y, ...[0, 3, 1].map((value) => graph.ints([value]))]);
  graph.output("y", graph.op("Add", [first, graph.weight(checkpoint.take("bias", [3]))]));
  return graph.finish();
}

async function firstColumns(file: string, rows: number): Promise<number[]> {
  const session = await openSession(file, { provider: "cpu", threads: 1 });
  try {
    return [...(await session.run({ x: wave([1, rows]) })).y!.data];
  } finally {
    await session.close();
  }
}

function expected(rows: number): number[] {
  const w = seededTensor("w", [rows, 1024]);
  const bias = seededTensor("bias", [3]);
  const x = wave([1, rows]).data;
  return [0, 1, 2].map((column) => x.reduce((sum, value, row) => sum + value * w[row * 1024 + column]!, bias[column]!));
}

test("the same graph gives the same bytes, another one gives others", () => {
  const bytes = ["a", "b"].map((name) => readFileSync(writeGraph(product(8), mkdir(name))));
  expect(bytes[0]!.equals(bytes[1]!)).toBe(true);
  const other = readFileSync(writeGraph(product(9), mkdir("c")));
  expect(other.equals(bytes[0]!)).toBe(false);
});

test("a small graph is one file and computes", async () => {
  const file = writeGraph(product(64), folder);
  expect(file).toBe(join(folder, "g.onnx"));
  expect(readdirSync(folder)).toEqual(["g.onnx"]);
  const actual = await firstColumns(file, 64);
  const wanted = expected(64);
  for (const [i, value] of wanted.entries()) expect(actual[i]).toBeCloseTo(value, 5);
});

test("a large graph keeps its weights in a file beside it, small tensors inside, and computes the same", async () => {
  const file = writeGraph(product(4100), folder);
  expect(readdirSync(folder).sort()).toEqual(["g.onnx", "g.weights"]);
  expect(statSync(join(folder, "g.weights")).size).toBe(4100 * 1024 * 4);
  expect(statSync(file).size).toBeLessThan(4096);
  const actual = await firstColumns(file, 4100);
  const wanted = expected(4100);
  for (const [i, value] of wanted.entries()) expect(actual[i]).toBeCloseTo(value, 4);
});

test("tensors of the side file begin on pages of 4096 bytes", async () => {
  const graph = new GraphBuilder("pages");
  const checkpoint = seededCheckpoint();
  const x = graph.input("x", [1, 2100]);
  const wide = graph.op("MatMul", [x, graph.weight(checkpoint.take("first", [2100, 2101]))]);
  graph.output("y", graph.op("Mul", [wide, graph.weight(checkpoint.take("second.bias", [2101]))]));
  const file = writeGraph(graph.finish(), folder);
  const firstBytes = 2100 * 2101 * 4;
  const start = Math.ceil(firstBytes / 4096) * 4096;
  const weights = readFileSync(join(folder, "pages.weights"));
  expect(weights.length).toBe(start + 2101 * 4);
  expect(weights.readFloatLE(start)).toBe(seededTensor("second.bias", [2101])[0]);
  const session = await openSession(file, { provider: "cpu", threads: 1 });
  const { y } = await session.run({ x: wave([1, 2100]) });
  await session.close();
  const first = seededTensor("first", [2100, 2101]);
  const sum = wave([1, 2100]).data.reduce((total, value, row) => total + value * first[row * 2101]!, 0);
  expect(y!.data[0]).toBeCloseTo(sum * seededTensor("second.bias", [2101])[0]!, 5);
});

test("a structure's digest reads no weight and sees names, shapes and attributes", () => {
  const unread = (graph: OnnxGraph): OnnxGraph => ({
    ...graph,
    constants: graph.constants.map((constant) => ({
      ...constant,
      read: () => {
        throw new Error("read");
      },
    })),
  });
  const hash = structureHash(unread(product(8)));
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(structureHash(product(8))).toBe(hash);
  expect(structureHash(product(9))).not.toBe(hash);
  expect(structureHash(product(8, "other"))).not.toBe(hash);
  const { nodes, ...rest } = product(8);
  const sliced = nodes.map((node) => ({ ...node, attributes: { ...node.attributes, axis: 1 } }));
  expect(structureHash({ ...rest, nodes: sliced })).not.toBe(hash);
});

test.each([
  ["float16", toHalves(Float32Array.of(1, -2.5, 0.0999755859375)), [1, -2.5, 0.0999755859375]],
  ["bfloat16", Uint16Array.of(0x3f80, 0xc020, 0x3dcc), [1, -2.5, 0.099609375]],
] as const)("a constant of %s is stored in 16 bits a number", async (type, bits, values) => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", [3]);
  const stored = graph.constant("c", type, [3], () => bits);
  graph.output("y", graph.op("Mul", [x, graph.op("Cast", [stored], { to: 1 })]));
  const finished = graph.finish();
  expect(finished.counts.constantBytes).toBe(6);
  const session = await openSession(writeGraph(finished, folder), { provider: "cpu", threads: 1 });
  const { y } = await session.run({ x: { dims: [3], data: Float32Array.of(1, 1, 1) } });
  await session.close();
  expect([...y!.data]).toEqual(values);
});

test("a disk that is too small is refused before anything is written", () => {
  const graph = product(8);
  const huge = { ...graph, counts: { ...graph.counts, constantBytes: 2 ** 60 } };
  expect(() => writeGraph(huge, folder)).toThrow(HarnessError);
  expect(() => writeGraph(huge, folder)).toThrow(
    /g\.onnx: not enough disk space \(found \d+ MiB free, expected 11\d+ MiB\)/,
  );
  expect(readdirSync(folder)).toEqual([]);
});

// Linux has a device that is always full.
test.skipIf(!existsSync("/dev/full")).each([
  ["side file", "g.weights", 4100],
  ["model file", "g.onnx", 8],
])("a disk that fills up while the %s is written is the user's to mend", (_, file, rows) => {
  symlinkSync("/dev/full", join(folder, file));
  expect(() => writeGraph(product(rows), folder)).toThrow(HarnessError);
  expect(() => writeGraph(product(rows), folder)).toThrow(`${file}: the disk is full`);
});

function mkdir(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

test("the file beside a large graph has the name that is asked for, and the runtime finds it", async () => {
  const file = writeGraph(product(5000), folder, "g.onnx_data");
  expect(readdirSync(folder).sort()).toEqual(["g.onnx", "g.onnx_data"]);
  const found = await firstColumns(file, 5000);
  for (const [i, value] of expected(5000).entries()) expect(found[i]).toBeCloseTo(value, 3);
});
