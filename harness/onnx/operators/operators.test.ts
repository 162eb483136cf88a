import { describe, expect, test } from "vitest";
import type { GraphValue } from "../../api.ts";
import { evaluateDim } from "../dims.ts";
import { bindings, operatorCases as cases, type OperatorCase } from "../fixtures/operatorCases.ts";
import { inputOf } from "../fixtures/operatorInput.ts";
import { runGraph, wave } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { elementwiseRules } from "./elementwise.ts";
import { imageRules } from "./images.ts";
import { productRules } from "./products.ts";
import { shapeRules } from "./shapes.ts";

test("every operator that has a rule has a case here", () => {
  const known = Object.keys({ ...elementwiseRules, ...shapeRules, ...imageRules, ...productRules });
  expect(known.filter((name) => !cases.some(({ operator }) => operator === name))).toEqual([]);
});

describe("the inferred shape is the one that ONNX Runtime gives", () => {
  test.each(cases.map((each) => [titleOf(each), each] as const))("%s", async (_, each) => {
    const graph = new GraphBuilder("case");
    const inputs = each.inputs.map((given, i) => inputOf(graph, given, i));
    const outputs = graph.ops(each.operator, inputs, each.attributes, {
      outputs: each.dims.length,
      vouched: each.vouched,
    });
    expect(outputs.map(({ dims }) => dims)).toEqual(each.dims);
    for (const [i, output] of outputs.entries()) graph.output(`y${i}`, asFloat(graph, output));
    const finished = graph.finish();
    expect(sum(finished.counts.macs(bindings))).toBe(each.macs ?? 0);

    const feeds = finished.inputs.map(({ name, dims }) => [name, wave(dims.map((dim) => evaluateDim(dim, bindings)))]);
    const results = await runGraph(finished, Object.fromEntries(feeds));
    for (const [i, dims] of each.dims.entries())
      expect(results[`y${i}`]!.dims).toEqual(dims.map((dim) => evaluateDim(dim, bindings)));
  });
});

/** Sessions hand out float32 alone. */
function asFloat(graph: GraphBuilder, value: GraphValue): GraphValue {
  return value.type === "float32" ? value : graph.op("Cast", [value], { to: 1 });
}

function titleOf({ operator, inputs, attributes }: OperatorCase): string {
  const text = inputs.map((given) => JSON.stringify(given) ?? "nothing").join(" ");
  return `${operator} ${text} ${JSON.stringify(attributes ?? {})}`;
}

function sum(macs: ReadonlyMap<string, number>): number {
  return [...macs.values()].reduce((total, value) => total + value, 0);
}
