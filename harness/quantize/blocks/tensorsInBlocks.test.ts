import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OnnxGraph } from "../../api.ts";
import { differenceOf } from "../../onnx/fixtures/difference.ts";
import { runGraph, wave } from "../../onnx/fixtures/runGraph.ts";
import { GraphBuilder, openSession, optimisedFile, readSignature, writeGraph } from "../../onnx/index.ts";
import { type BlockFormat, quantizeBlocks } from "./blockWeights.ts";
import { tensorsInBlocks } from "./tensorsInBlocks.ts";

const image = wave([1, 16, 5, 7]);

/** Returns a convolution of 16 channels, with a bias; `values` are its kernels [24, 16 / groups, side, side]. */
function convolution(side: number, groups: number, values?: Float32Array): OnnxGraph {
  const graph = new GraphBuilder("convolution");
  const x = graph.input("image", [1, 16, 5, 7]);
  const dims = [48, 16 / groups, side, side];
  const kernels = graph.constant("conv.weight", "float32", dims, () => values ?? wave(dims).data);
  const bias = graph.constant("conv.bias", "float32", [48], () => wave([48]).data);
  graph.output("y", graph.op("Conv", [x, kernels, bias], { kernel_shape: [side, side], group: groups }));
  return graph.finish();
}

const kernelsInBlocks = (graph: OnnxGraph, format: BlockFormat) =>
  tensorsInBlocks(graph, ({ kind }) => (kind === "kernels" ? format : undefined));

// Rows of 144, 16 and 9 numbers: the last block is whole, the row is one, or it is shorter than a block.
test.each([
  [3, 1, 4],
  [3, 1, 8],
  [1, 1, 4],
  [3, 16, 4],
] as const)(
  "a convolution of side %i in %i groups has the kernels that %i bits stand for",
  async (side, groups, bits) => {
    const inputs = (16 / groups) * side * side;
    const block = Math.min(32, inputs);
    const { integers, scales } = quantizeBlocks(wave([48, inputs]).data, inputs, { bits, block });
    const perRow = Math.ceil(inputs / block);
    const values = Float32Array.from({ length: 48 * inputs }, (_, i) => {
      const place = Math.floor(i / inputs) * perRow * block + (i % inputs);
      return integers[place]! * scales[Math.floor(place / block)]!;
    });
    const graph = kernelsInBlocks(convolution(side, groups), { bits, block: 32 });
    expect(graph.constants.map(({ name }) => name)).toContain(`conv.weight.int${bits}`);
    const found = await runGraph(graph, { image });
    const expected = await runGraph(convolution(side, groups, values), { image });
    expect(differenceOf(found.y!, expected.y!)).toBeLessThan(1e-6);
    expect(graph.counts.macs()).toEqual(convolution(side, groups).counts.macs());
  },
);

test("kernels that blocks would make no smaller stay as they are", () => {
  const pointwise = kernelsInBlocks(convolution(1, 16), { bits: 8, block: 32 });
  expect(pointwise.constants.map(({ name }) => name)).toEqual(["conv.weight", "conv.bias"]);
});

test("any tensor is stored along its last axis, once for all that read it", async () => {
  const table = wave([5, 7, 20]);
  const graph = new GraphBuilder("table");
  const x = graph.input("x", [5, 7, 20]);
  const values = graph.constant("pos.table", "float32", [5, 7, 20], () => table.data);
  graph.output("y", graph.op("Sub", [graph.op("Add", [x, values]), values]));
  graph.output("z", graph.op("Add", [x, values]));
  const kinds: string[] = [];
  const stored = tensorsInBlocks(graph.finish(), ({ kind }) => {
    kinds.push(kind);
    return { bits: 8, block: 16 };
  });
  expect(new Set(kinds)).toEqual(new Set(["other"]));
  expect(stored.constants.filter(({ type }) => type !== "int64").map(({ name, dims }) => `${name} [${dims}]`)).toEqual([
    "pos.table.int8 [35,2,16]",
    "pos.table.int8.scales [35,2,1]",
  ]);
  const zeros = { dims: table.dims, data: new Float32Array(table.data.length) };
  const { y, z } = await runGraph(stored, { x: zeros });
  expect(y!.data.every((value) => value === 0)).toBe(true);
  const error = Math.max(...z!.data.map((value, i) => Math.abs(value - table.data[i]!)));
  expect(error).toBeGreaterThan(0);
  // Half a step of the largest block, or a whole one where a value is as large as the largest and has the other sign.
  expect(error).toBeLessThan(1 / 128);
});

test("the runtime makes the kernels when it opens the graph, and no run does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  try {
    const file = writeGraph(kernelsInBlocks(convolution(3, 1), { bits: 4, block: 32 }), folder);
    const session = await openSession(file, { provider: "cpu", threads: 1, profile: folder });
    await session.close();
    const operators = readSignature(optimisedFile(folder, file)).body!.nodes.map(({ operator }) => operator);
    expect(operators).not.toContain("Cast");
    expect(operators.filter((operator) => /Conv/.test(operator))).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
