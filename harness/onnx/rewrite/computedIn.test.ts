import { expect, test } from "vitest";
import type { GraphValue, OnnxGraph } from "../../api.ts";
import { differenceOf } from "../fixtures/difference.ts";
import { runGraph, wave } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { computedIn } from "./computedIn.ts";
import { halfNodes } from "./halfNodes.ts";
import { trialGraph } from "./halfProviders.ts";

type Add = (graph: GraphBuilder, x: GraphValue) => GraphValue;

/** Returns a graph that takes `x`, [4, 8]. */
function graphOf(add: Add): OnnxGraph {
  const graph = new GraphBuilder("g");
  graph.output("y", add(graph, graph.input("x", [4, 8])));
  return graph.finish();
}

const matrix = (graph: GraphBuilder, name = "matrix") =>
  graph.constant(name, "float32", [8, 8], () => wave([8, 8]).data);
const times = (graph: GraphBuilder, x: GraphValue) => graph.op("MatMul", [x, matrix(graph)]);

/** Returns the operators that compute in float16, in the graph's order. */
function halfOperators(add: Add, type: "float16" | "bfloat16" = "float16"): readonly string[] {
  const graph = graphOf(add);
  const half = halfNodes(graph, type);
  return graph.nodes.filter((node) => half.has(node)).map(({ operator }) => operator);
}

test("a graph in float16 takes and gives float32, and is near the one of float32", async () => {
  const float = trialGraph();
  const half = computedIn(float, "float16");
  expect([...half.inputs, ...half.outputs].map(({ type }) => type)).toEqual(["float32", "float32"]);
  const products = half.nodes.filter(({ operator }) => /MatMul|Conv|Attention/.test(operator));
  expect(products.map(({ outputs }) => half.values.get(outputs[0]!)!.type)).toEqual(Array(6).fill("float16"));
  const image = wave([1, 4, 8, 8]);
  const { result } = await runGraph(float, { image });
  const found = (await runGraph(half, { image })).result!;
  expect(differenceOf(found, result!)).toBeLessThan(0.002);
  expect(differenceOf(found, result!)).toBeGreaterThan(1e-5);
});

test("weights are stored in float16, products are counted as before, and parameters stay", () => {
  const float = trialGraph();
  const half = computedIn(float, "float16");
  expect(half.constants.filter(({ type }) => type === "float32")).toEqual([]);
  expect(half.constants.map(({ name }) => name)).toContain("widen:float16");
  expect(half.counts.macs()).toEqual(float.counts.macs());
  expect(half.counts.parameters).toEqual(float.counts.parameters);
});

test("a value that several nodes read in another type is cast once", () => {
  const twice = graphOf((graph, x) =>
    graph.op("Add", [times(graph, x), graph.op("MatMul", [x, matrix(graph, "other")])]),
  );
  const casts = computedIn(twice, "float16").nodes.filter(({ operator }) => operator === "Cast");
  expect(casts.map(({ inputs }) => inputs[0])).toEqual(["x", "MatMul", "MatMul_1"]);
});

test("what follows the last product stays in float32", () => {
  const add: Add = (graph, x) => graph.op("Sigmoid", [times(graph, graph.op("Relu", [x]))]);
  expect(halfOperators(add)).toEqual(["Relu", "MatMul"]);
});

test("angles stay in float32 with all that they are computed from", () => {
  expect(halfOperators((graph, x) => times(graph, graph.op("Sin", [times(graph, x)])))).toEqual(["MatMul"]);
});

test("a divisor stays in float32, back to the last product with a weight", () => {
  const attended: Add = (graph, x) => {
    const query = graph.op("Relu", [times(graph, x)]);
    const sums = graph.op("FusedMatMul", [query, query], { transA: 1 });
    return times(graph, graph.op("Div", [query, graph.op("MatMul", [query, sums])]));
  };
  expect(halfOperators(attended)).toEqual(["MatMul", "MatMul"]);
});

test("sums stay in float32, and what they are of does not", () => {
  const add: Add = (graph, x) => times(graph, graph.op("ReduceSum", [graph.op("Relu", [x]), graph.ints([0])]));
  expect(halfOperators(add)).toEqual(["Relu", "MatMul"]);
});

test("convolutions have no bfloat16 in ONNX, and compute in float32 there", () => {
  const operators = (type: "float16" | "bfloat16") => {
    const half = halfNodes(trialGraph(), type);
    return trialGraph().nodes.filter(
      ({ operator, outputs }) => operator === "Conv" && [...half].some((node) => node.outputs[0] === outputs[0]),
    );
  };
  expect([operators("float16").length, operators("bfloat16").length]).toEqual([1, 0]);
});

test("whole numbers are cast to the type that is computed in", () => {
  const add: Add = (graph, x) => {
    const above = graph.op("Greater", [x, graph.number(0)]);
    return times(graph, graph.op("Cast", [above], { to: 1 }));
  };
  const { nodes, values } = computedIn(graphOf(add), "float16");
  const cast = nodes.find(({ operator }) => operator === "Cast")!;
  expect(values.get(cast.outputs[0]!)!.type).toBe("float16");
});
