import { expect, test } from "vitest";
import type { OnnxGraph } from "../../api.ts";
import { runGraph, wave } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { joinedGraphs, withOutputsNamed } from "./joined.ts";

/** Gives twice x, and x as it is. Its table and its node have the names of those in `behind`. */
function before(): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const x = graph.input("x", [1, 4]);
  const table = graph.constant("table", "float32", [1, 4], () => new Float32Array(4).fill(2));
  graph.output("embedding", graph.op("Mul", [x, table]));
  graph.output("skip", graph.op("Reshape", [x, graph.ints([4, 1])]));
  return graph.finish();
}

/** Multiplies by a table of its own, and adds what comes from outside. */
function behind(dims: readonly [number, number] = [1, 4]): OnnxGraph {
  const graph = new GraphBuilder("decoder-image");
  const embedding = graph.input("embedding", dims);
  const table = graph.constant("table", "float32", [1, 4], () => new Float32Array(4).fill(10));
  const product = graph.op("Mul", [embedding, table]);
  const sum = graph.op("Add", [product, graph.input("y", [1, 4])]);
  graph.output("tokens", graph.op("Reshape", [sum, graph.ints([4 * dims[0]!, 1])]));
  return graph.finish();
}

test("two graphs in one give what one after the other gives, though they have names in common", async () => {
  const x = wave([1, 4]);
  const y = wave([1, 4]);
  const { embedding, skip } = await runGraph(before(), { x });
  const { tokens } = await runGraph(behind(), { embedding: embedding!, y });
  const joined = joinedGraphs(before(), behind());
  expect(joined.inputs.map(({ name }) => name)).toEqual(["x", "y"]);
  expect(joined.constants.map(({ name }) => name)).toEqual(["table", "ints[4,1]", "decoder-image/table"]);
  expect(await runGraph(joined, { x, y })).toEqual({ embedding, skip, tokens });
});

test("weights and work of both are counted, what they share once", () => {
  const joined = joinedGraphs(before(), behind());
  expect(joined.counts.constants).toBe(4 + 2 + 4);
  expect(joined.counts.constantBytes).toBe(4 * 4 + 2 * 8 + 4 * 4);
});

test("an output that is left out is still computed with", async () => {
  const alone = withOutputsNamed(joinedGraphs(before(), behind()), new Set(["tokens"]));
  const feeds = { x: wave([1, 4]), y: wave([1, 4]) };
  const { tokens } = await runGraph(joinedGraphs(before(), behind()), feeds);
  expect(await runGraph(alone, feeds)).toEqual({ tokens });
});

test("graphs that do not fit are refused: an output of both, and a value of another shape", () => {
  expect(() => joinedGraphs(before(), before())).toThrow("encoder and encoder: both give embedding");
  expect(() => joinedGraphs(before(), behind([2, 4]))).toThrow(
    "decoder-image: embedding is float32 [2, 4], and what is given is float32 [1, 4]",
  );
});
