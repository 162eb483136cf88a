import { expect, test } from "vitest";
import type { OnnxGraph } from "../../harness/api.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder } from "../../harness/onnx/index.ts";
import { inBlocks, requireGain } from "./graphs.ts";
import { parseSetting } from "./setting.ts";

/** Returns an encoder of one linear layer, `inputs` wide, with a bias and a table of positions. */
function encoder(inputs: number): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const constant = (name: string, dims: readonly number[]) =>
    graph.constant(name, "float32", dims, () => wave(dims).data);
  const x = graph.op("Add", [graph.input("image", [1, 80, inputs]), constant("pos_embed", [1, 80, inputs])]);
  const product = graph.op("FusedMatMul", [x, constant("lin.weight", [48, inputs])], { transB: 1 });
  graph.output("y", graph.op("Add", [product, constant("lin.bias", [48])]));
  return graph.finish();
}

const storedOf = ({ constants }: OnnxGraph) =>
  Object.fromEntries(
    constants.filter(({ type }) => type !== "int64").map(({ name, type, storedAs }) => [name, storedAs ?? type]),
  );

test("a layer's weight has the method's bits, a table 8, and what is small or a scale stays float", () => {
  expect(storedOf(inBlocks(encoder(96), parseSetting(4, "block-16")))).toEqual({
    "pos_embed.int8": "int8",
    "pos_embed.int8.scales": "float32",
    "lin.weight.int4": "uint8",
    "lin.weight.int4.scales": "float32",
    "lin.bias": "float32",
  });
});

test("in halves are tensors of over 1024 numbers, which scales may be", async () => {
  const wide = encoder(512);
  const half = inBlocks(wide, parseSetting(4, "block-16+half"));
  expect(storedOf(half)).toMatchObject({
    "pos_embed.int8.scales": "float16",
    "lin.weight.int4.scales": "float16",
    "lin.bias": "float32",
  });
  const feeds = { image: wave([1, 80, 512]) };
  const { y } = await runGraph(half, feeds);
  const { y: expected } = await runGraph(inBlocks(wide, parseSetting(4, "block-16")), feeds);
  const furthest = Math.max(...y!.data.map((value, i) => Math.abs(value - expected!.data[i]!)));
  expect(furthest).toBeGreaterThan(0);
  expect(furthest).toBeLessThan(2 ** -11 * Math.max(...expected!.data.map(Math.abs)) * 4);
});

test("an encoder whose layers are narrower than a block by far has nothing to gain, and is refused", () => {
  const setting = parseSetting(8, "block-256");
  expect(() => requireGain("w8/model/block-256", encoder(32), setting)).toThrow(
    "w8/model/block-256: its encoder has no layer that blocks of 256 would make smaller",
  );
  const wide = parseSetting(8, "block-16");
  expect(() => requireGain("w8/model/block-16", encoder(32), wide)).not.toThrow();
});
