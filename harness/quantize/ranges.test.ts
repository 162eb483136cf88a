import { expect, test } from "vitest";
import { runGraph } from "../onnx/fixtures/runGraph.ts";
import { GraphBuilder, mul } from "../onnx/index.ts";
import { rangesOf, withRanges } from "./ranges.ts";

test("a graph gives the least and largest of the values that are named, beside its own outputs", async () => {
  const graph = new GraphBuilder("doubled");
  const x = graph.input("x", [1, 2, 3]);
  const twice = graph.within("blocks.0", () => mul(graph, x, graph.number(2)));
  graph.output("y", graph.op("Abs", [twice]));
  const outputs = await runGraph(withRanges(graph.finish(), ["blocks.0/Mul", "x", "Abs"]), {
    x: { dims: [1, 2, 3], data: Float32Array.of(1, -4, 2, 0.5, 3, -1) },
  });
  expect([...outputs.y!.data]).toEqual([2, 8, 4, 1, 6, 2]);
  expect(rangesOf(outputs)).toEqual([
    { low: -8, high: 6 },
    { low: -4, high: 3 },
    { low: 1, high: 8 },
  ]);
});
