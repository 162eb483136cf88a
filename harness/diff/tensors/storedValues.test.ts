import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ElementType, OnnxGraph, TypedData } from "../../api.ts";
import { readContents } from "../../onnx/files/contents.ts";
import { GraphBuilder } from "../../onnx/graph.ts";
import { storedIn } from "../../onnx/rewrite/storedIn.ts";
import { writeGraph } from "../../onnx/write.ts";
import { computedValues, tensorGraph } from "./graphTensors.ts";
import { storedPairs } from "./storedValues.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A graph that stores one tensor of two rows and three columns, or three and two. */
function storing(name: string, type: ElementType, dims: readonly number[], values: TypedData) {
  const graph = new GraphBuilder(name);
  graph.output("y", graph.op("Cast", [graph.constant(name, type, dims, () => values)], { to: 1 }, { vouched: dims }));
  const contents = readContents(writeGraph(graph.finish(), folder));
  return { graph: tensorGraph(contents, []), own: contents.nodes[0]!.inputs, before: [] };
}

const values = Float32Array.of(1, 2, 3, 4, 5, 6);

test("weights of other names are paired in their order, and the error is over the std of A's", () => {
  const [pair] = storedPairs(
    storing("a", "float32", [2, 3], values),
    storing(
      "b",
      "float32",
      [2, 3],
      values.map((value) => value + (value === 6 ? 1 : 0)),
    ),
  );
  expect(pair).toMatchObject({ a: "a", b: "b", error: { values: 6, notFinite: 0 } });
  expect(pair!.error!.max).toBeCloseTo(1 / Math.sqrt(35 / 12), 6);
});

test("a matrix that is stored the other way round is compared as it is meant", () => {
  const [pair] = storedPairs(
    storing("a", "float32", [2, 3], values),
    storing("turned", "float32", [3, 2], Float32Array.of(1, 4, 2, 5, 3, 6)),
  );
  expect([pair!.transposed, pair!.error!.max]).toEqual([true, 0]);
});

test("a weight that one side stores in 16 bits is compared as that side's node reads it, by its own name", () => {
  const reading = (file: string, change: (graph: OnnxGraph) => OnnxGraph) => {
    const graph = new GraphBuilder(file);
    graph.output("y", graph.op("Relu", [graph.constant("w", "float32", [2], () => Float32Array.of(1, 1 / 3))]));
    const contents = readContents(writeGraph(change(graph.finish()), folder));
    expect(computedValues(contents)).toEqual(["Relu", "y"]);
    const { inputs } = contents.nodes.find(({ operator }) => operator === "Relu")!;
    return { graph: tensorGraph(contents, []), own: inputs, before: ["w"] };
  };
  const float = reading("float", (graph) => graph);
  const half = reading("half", (graph) => storedIn(graph, "float16", () => true));
  const [pair, ...others] = storedPairs(float, half);
  expect(others).toEqual([]);
  expect(pair).toMatchObject({ a: "w", b: "w", error: { values: 2 } });
  expect(pair!.error!.max).toBeCloseTo(0.000244, 5);
});

test("steps of a scale are not compared with weights", () => {
  const [pair] = storedPairs(
    storing("a", "float32", [2, 3], values),
    storing("steps", "int8", [2, 3], Int8Array.from(values)),
  );
  expect(pair).toEqual({ a: "a", b: "steps" });
});

test("of what is read before a tensor's own node, weights that differ are named and others are not", () => {
  const before = (name: string, given: Float32Array) => {
    const { graph, own } = storing(name, "float32", [2, 3], given);
    return { graph, own: [], before: own };
  };
  expect(storedPairs(before("parts", values), storing("same", "float32", [2, 3], values))).toEqual([]);
  const other = storing("other", "float32", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 9));
  expect(storedPairs(before("parts", values), other).map(({ a, b }) => [a, b])).toEqual([["parts", "other"]]);
});
