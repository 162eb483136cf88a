import { expect, test } from "vitest";
import { boxMacs } from "./boxMacs.ts";
import { GraphBuilder } from "./graph.ts";

test("a graph's figure is of one box prompt, which is two points", () => {
  const graph = new GraphBuilder("decoder");
  const x = graph.input("x", ["prompts", "points+5", 8]);
  graph.op("MatMul", [x, graph.weight({ name: "w", dims: [8, 3], read: () => new Float32Array(24) })]);
  // 1 prompt of 2 + 5 tokens, 8 x 3 products each.
  expect(boxMacs(graph.finish())).toBe(7 * 8 * 3);
});
