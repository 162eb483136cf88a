import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GraphValue, OnnxGraph } from "../../api.ts";
import { boxMacs } from "../boxMacs.ts";
import { wave } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { openSession } from "../session.ts";
import { writeGraph } from "../write.ts";
import { mlpInParts } from "./mlpInParts.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "parts-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Sizes {
  readonly tokens: number | string;
  readonly hidden: number;
}

/** An MLP on tokens 8 wide; `also` uses the hidden layer a second time. */
function mlp({ tokens, hidden }: Sizes, also: "once" | "twice" = "once"): OnnxGraph {
  const graph = new GraphBuilder("mlp");
  const matrix = (name: string, dims: readonly number[]) =>
    graph.constant(name, "float32", dims, () => wave(dims).data);
  const x = graph.input("x", [1, tokens, 8]);
  const y = graph.within("blocks.0", () => {
    const wide = graph.op("FusedMatMul", [x, matrix("lin1.weight", [hidden, 8])], { transB: 1 });
    const active = graph.op("BiasGelu", [wide, matrix("lin1.bias", [hidden])]);
    if (also === "twice") graph.output("active", active);
    return graph.op("FusedMatMul", [active, matrix("lin2.weight", [8, hidden])], { transB: 1 });
  });
  graph.output("y", y);
  return graph.finish();
}

async function results(graph: OnnxGraph, tokens: number): Promise<Float32Array> {
  const session = await openSession(writeGraph(graph, folder), { provider: "cpu", threads: 1 });
  const { y } = await session.run({ x: wave([1, tokens, 8]) });
  await session.close();
  return y!.data;
}

test("a hidden layer of more than 16 MB goes in parts of at most 8 MB, and no result changes", async () => {
  const graph = mlp({ tokens: 4096, hidden: 1280 });
  const parts = mlpInParts(graph);
  const kinds = parts.nodes.map(({ operator }) => operator);
  expect(kinds.filter((kind) => kind === "FusedMatMul")).toHaveLength(8);
  expect(kinds.filter((kind) => kind === "BiasGelu")).toHaveLength(4);
  expect([...parts.values.values()].filter(({ dims }) => dims[2] === 1280 && dims[1] === 1024)).toHaveLength(8);
  expect(boxMacs(parts)).toBe(boxMacs(graph));
  expect(await results(parts, 4096)).toEqual(await results(graph, 4096));
});

test("tokens that do not divide into the fewest parts go in more", () => {
  const parts = mlpInParts(mlp({ tokens: 3 * 1024, hidden: 1400 }));
  expect(parts.nodes.filter(({ operator }) => operator === "BiasGelu")).toHaveLength(3);
  const odd = mlpInParts(mlp({ tokens: 5 * 7 * 100, hidden: 1400 }));
  expect(odd.nodes.filter(({ operator }) => operator === "BiasGelu")).toHaveLength(4);
});

test("tokens that no few parts divide go in the fewest, which differ by one token, and no result changes", async () => {
  const graph = mlp({ tokens: 4099, hidden: 1280 });
  const parts = mlpInParts(graph);
  const hidden = [...parts.values.values()].filter(({ dims, name }) => dims[2] === 1280 && name.includes("BiasGelu"));
  expect(hidden.map(({ dims }) => dims[1])).toEqual([1366, 1366, 1367]);
  expect(boxMacs(parts)).toBe(boxMacs(graph));
  expect(await results(parts, 4099)).toEqual(await results(graph, 4099));
});

/** An MLP of `mlp`'s shapes, whose weights are in blocks of 16. */
function mlpInBlocks(): OnnxGraph {
  const graph = new GraphBuilder("mlp");
  const product = (x: GraphValue, K: number, N: number) => {
    const dims = [N, Math.ceil(K / 16), 8];
    const count = dims.reduce((product, dim) => product * dim, 1);
    const integers = graph.constant(`${N} integers`, "uint8", dims, () => new Uint8Array(count));
    const scales = graph.constant(`${N} scales`, "float32", dims.slice(0, 2), () => new Float32Array(count / 8));
    return graph.op("MatMulNBits", [x, integers, scales], { K, N, bits: 4, block_size: 16, accuracy_level: 1 });
  };
  const bias = graph.constant("lin1.bias", "float32", [1280], () => new Float32Array(1280));
  const wide = product(graph.input("x", [1, 4096, 8]), 8, 1280);
  graph.output("y", product(graph.op("BiasGelu", [wide, bias]), 1280, 8));
  return graph.finish();
}

test.each([
  ["a small one", mlp({ tokens: 1024, hidden: 1024 })],
  ["one of as many tokens as there are at run time", mlp({ tokens: "tokens", hidden: 4096 })],
  ["one whose hidden layer something else takes too", mlp({ tokens: 4096, hidden: 1280 }, "twice")],
  ["one whose weights are in blocks", mlpInBlocks()],
  ["one that would need more than 64 parts", mlp({ tokens: 64 * 1024 + 1, hidden: 2048 })],
])("%s stays whole, and its graph is the same object", (_, graph) => {
  expect(mlpInParts(graph)).toBe(graph);
});
