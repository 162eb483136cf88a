import type { GraphValue, NamedTensors, OnnxGraph } from "../api.ts";
import { concat, type GraphBuilder, reshape, rewriteGraph } from "../onnx/index.ts";

/** The least and the largest value of a tensor. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

const outputs = { lows: "ranges.lows", highs: "ranges.highs" };

/**
 * Returns the graph with two outputs more: the least and the largest element of each of these values, in their order. The graph
 * finds them itself, since all values of an encoder together would fill gigabytes.
 */
export function withRanges(graph: OnnxGraph, values: readonly string[]): OnnxGraph {
  return rewriteGraph(
    graph,
    () => undefined,
    (builder, valueNamed) => {
      const found = values.map(valueNamed);
      const ends = (operator: "ReduceMin" | "ReduceMax") => found.map((value) => reduced(builder, operator, value));
      builder.output(outputs.lows, concat(builder, ends("ReduceMin"), 0));
      builder.output(outputs.highs, concat(builder, ends("ReduceMax"), 0));
    },
  );
}

/** Reads the ranges from what such a graph gave for one image. */
export function rangesOf(given: NamedTensors): readonly Range[] {
  const highs = given[outputs.highs]!.data;
  return [...given[outputs.lows]!.data].map((low, i) => ({ low, high: highs[i]! }));
}

function reduced(graph: GraphBuilder, operator: "ReduceMin" | "ReduceMax", value: GraphValue): GraphValue {
  const axes = value.dims.map((_, axis) => axis);
  return reshape(graph, graph.op(operator, [value, graph.ints(axes)], { keepdims: 1 }), [1]);
}
