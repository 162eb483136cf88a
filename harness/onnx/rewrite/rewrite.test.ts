import { expect, test } from "vitest";
import type { OnnxGraph } from "../../api.ts";
import { seededCheckpoint } from "../../weights/index.ts";
import { runGraph, wave } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { rewriteGraph, withOutputs } from "./rewrite.ts";

/** Two products with a symbolic length, a split, an expanded table, and two outputs. */
function toy(): OnnxGraph {
  const graph = new GraphBuilder("toy");
  const checkpoint = seededCheckpoint();
  const x = graph.input("x", ["prompts", 4]);
  const wide = graph.within("blocks.0", () =>
    graph.op("FusedMatMul", [x, graph.weight(checkpoint.take("w", [6, 4]))], { transB: 1 }),
  );
  const [left, right] = graph.within("blocks.1", () =>
    graph.ops("Split", [wide, graph.ints([2, 4])], { axis: 1 }, { outputs: 2 }),
  ) as [typeof wide, typeof wide];
  const table = graph.constant("table", "float32", [1, 2], () => Float32Array.of(1, -1));
  const spread = graph.op("Expand", [table, graph.ints([1, 2])], {}, { vouched: [1, 2] });
  graph.output("left", graph.op("Add", [left, spread]));
  graph.output("right", graph.op("Relu", [right]));
  return graph.finish();
}

test("a graph without replacements stays as it is: nodes, outputs, work and results", async () => {
  const graph = toy();
  const again = rewriteGraph(toy(), () => undefined);
  expect(again.nodes).toEqual(graph.nodes);
  expect(again.outputs).toEqual(graph.outputs);
  expect([...again.values.keys()].sort()).toEqual([...graph.values.keys()].sort());
  expect(again.counts.macs({ prompts: 3 })).toEqual(graph.counts.macs({ prompts: 3 }));
  expect(again.counts.parameters).toEqual(graph.counts.parameters);
  expect(await runGraph(again, { x: wave([3, 4]) })).toEqual(await runGraph(graph, { x: wave([3, 4]) }));
});

test("what stands in a node's place reaches all that used it, and constants that nothing uses are gone", async () => {
  const rewritten = rewriteGraph(toy(), (node, [x], graph) => {
    if (node.operator !== "FusedMatMul") return undefined;
    const ones = graph.constant("ones", "float32", [4, 6], () => new Float32Array(24).fill(1));
    return [graph.op("MatMul", [x, ones])];
  });
  expect(rewritten.constants.map(({ name }) => name)).not.toContain("w");
  expect(rewritten.nodes[0]!.outputs).toEqual(["blocks.0/MatMul"]);
  expect(rewritten.counts.parameters).toEqual(new Map([["w", 24]]));
  const x = wave([3, 4]);
  const { left, right } = await runGraph(rewritten, { x });
  for (let row = 0; row < 3; row++) {
    const sum = x.data.subarray(4 * row, 4 * row + 4).reduce((total, value) => total + value, 0);
    expect(left!.data[2 * row]).toBeCloseTo(sum + 1, 5);
    expect(right!.data[4 * row + 3]).toBeCloseTo(Math.max(sum, 0), 5);
  }
});

test("a replacement with another number of outputs is refused, naming the node", () => {
  const drop = () =>
    rewriteGraph(toy(), (node, [x]) => (node.operator === "Split" && x !== undefined ? [x] : undefined));
  expect(drop).toThrow("blocks.1/Split:0: 1 values for its outputs");
});

test("intermediate values come out by their own names", async () => {
  const tapped = withOutputs(toy(), ["blocks.0/FusedMatMul", "blocks.1/Split:0"]);
  const outputs = await runGraph(tapped, { x: wave([2, 4]) });
  expect(outputs["blocks.0/FusedMatMul"]!.dims).toEqual([2, 6]);
  const wide = outputs["blocks.0/FusedMatMul"]!.data;
  expect([...outputs["blocks.1/Split:0"]!.data]).toEqual([wide[0], wide[1], wide[6], wide[7]]);
  expect(() => withOutputs(toy(), ["blocks.0/MatMul"])).toThrow("toy: no node gives blocks.0/MatMul");
});
