import type { GraphValue } from "../api.ts";
import { add, type GraphBuilder, mul } from "../onnx/index.ts";
import { type Log2Quantizer, log2Boundaries, log2Levels, smallestProbability } from "./log2.ts";
import type { UniformQuantizer } from "./uniform.ts";

/** ONNX's number for the type. */
const int32 = 6;

/**
 * Quantises values and turns them back inside a graph, in float32: divide, round half to even, clip, multiply. divide, round
 * half to even, clip, multiply. Not QuantizeLinear, which knows 4 and 8 bits alone, and around which the runtime would put
 * integer operators of its own. The result is that of `fakeQuantize` in every bit.
 */
export function fakeQuantizeNode(graph: GraphBuilder, x: GraphValue, quantizer: UniformQuantizer): GraphValue {
  const { bits, zeroPoint } = quantizer;
  const scale = graph.number(quantizer.scale);
  const rounded = graph.op("Round", [graph.op("Div", [x, scale])]);
  const clipped = graph.op("Clip", [rounded, graph.number(-zeroPoint), graph.number(2 ** bits - 1 - zeroPoint)]);
  return mul(graph, clipped, scale);
}

/**
 * Puts the logarithmic quantiser into a graph: it finds an integer for each probability, then its level in a table. Float32
 * logarithms of small probabilities are only good to 1e-5 of a step, so they tell between which two integers one lies, and a
 * comparison with the boundary between these decides. The result is that of the definition, `log2Integer` and `log2Levels`, in
 * every bit.
 */
export function fakeQuantizeLog2Node(graph: GraphBuilder, x: GraphValue, quantizer: Log2Quantizer): GraphValue {
  const { bits, scale, tau } = quantizer;
  const levels = 2 ** bits;
  const logarithm = graph.op("Log", [graph.op("Max", [x, graph.number(smallestProbability)])]);
  const steps = mul(graph, logarithm, graph.number(-tau / Math.LN2));
  const place = add(graph, steps, graph.number(tau * Math.log2(scale)));
  // Casting cuts off what is behind the point.
  const lower = graph.op("Cast", [graph.op("Clip", [place, graph.number(0), graph.number(levels - 1)])], { to: int32 });
  const boundaries = graph.constant(`log2.boundaries[${bits} ${scale} ${tau}]`, "float32", [levels], () =>
    log2Boundaries(quantizer),
  );
  const above = graph.op("GreaterOrEqual", [graph.op("Gather", [boundaries, lower], { axis: 0 }), x]);
  const index = add(graph, lower, graph.op("Cast", [above], { to: int32 }));
  const table = graph.constant(`log2[${bits} ${scale} ${tau}]`, "float32", [levels + 1], () =>
    Float32Array.from(log2Levels(quantizer)),
  );
  return graph.op("Gather", [table, index], { axis: 0 });
}
