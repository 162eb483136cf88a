import type { GraphValue, OnnxGraph } from "../../../harness/api.ts";
import { type GraphBuilder, rewriteGraph, transposeMatrix } from "../../../harness/onnx/index.ts";
import {
  fakeQuantizeLog2Node,
  fakeQuantizeNode,
  fakeQuantizeRows,
  type Log2Quantizer,
  type UniformQuantizer,
} from "../../../harness/quantize/index.ts";
import type { Calibrated } from "../calibrate/calibrated.ts";
import { outputsFirst } from "./calibrate.ts";
import { type FoundLayer, findPlaces } from "./places.ts";

/**
 * Returns a finished graph with every value at its places quantised and turned back to float, and weights too: values are those
 * that integers would give.
 */
export function simulated(graph: OnnxGraph, { activations, softmax, weights }: Calibrated): OnnxGraph {
  const { layers, attentions } = findPlaces(graph);
  const byNode = new Map(layers.map((layer) => [layer.node, layer]));
  const weighted = new Map(attentions.map((attention) => [attention.weighted, attention.place]));
  /** Places of queries, keys and values, which all that take them take quantised. */
  const parts = new Map(
    attentions.flatMap(({ place, query, key, value }) => [
      [query, `${place}.query`],
      [key, `${place}.key`],
      [value, `${place}.value`],
    ]),
  );
  const quantized = (builder: GraphBuilder, place: string, x: GraphValue) =>
    fakeQuantizeNode(builder, x, known(activations, place));
  return rewriteGraph(graph, (node, inputs, builder) => {
    const layer = byNode.get(node);
    const place = weighted.get(node);
    if (layer === undefined && place === undefined && !node.outputs.some((name) => parts.has(name))) return undefined;
    const factors = [...inputs];
    if (layer !== undefined) {
      factors[0] = quantized(builder, `${layer.place}.input`, inputs[0]!);
      factors[1] = quantizedWeight(builder, layer, inputs[1]!, weights);
    }
    if (place !== undefined)
      factors[0] = quantizedProbabilities(builder, inputs[0]!, known(softmax, `${place}.softmax`));
    const how = { outputs: node.outputs.length, vouched: graph.values.get(node.outputs[0]!)!.dims };
    const results = builder.ops(node.operator, factors, node.attributes, how);
    return node.outputs.map((name, i) => {
      const part = parts.get(name);
      return part === undefined ? results[i]! : quantized(builder, part, results[i]!);
    });
  });
}

function quantizedProbabilities(
  graph: GraphBuilder,
  x: GraphValue,
  quantizer: UniformQuantizer | Log2Quantizer,
): GraphValue {
  return "tau" in quantizer ? fakeQuantizeLog2Node(graph, x, quantizer) : fakeQuantizeNode(graph, x, quantizer);
}

/** Adds a layer's weight as the quantiser of each output channel leaves it, in the shape that its node takes. */
function quantizedWeight(
  graph: GraphBuilder,
  layer: FoundLayer,
  { dims }: GraphValue,
  weights: Calibrated["weights"],
): GraphValue {
  const { place, layout, weight } = layer;
  return graph.constant(`${weight.name}.quantised`, "float32", dims as readonly number[], () => {
    const { bits, scales, zeroPoints } = known(weights, place);
    const quantizers = [...scales].map((scale, row) => ({ bits, scale, zeroPoint: zeroPoints[row]! }));
    const rows = fakeQuantizeRows(outputsFirst(layer, weight), quantizers);
    return layout === "outputs first" ? rows : transposeMatrix(rows, scales.length, rows.length / scales.length);
  });
}

function known<T>(map: ReadonlyMap<string, T>, place: string): T {
  const found = map.get(place);
  if (found === undefined) throw new Error(`the calibration knows no place named ${place}`);
  return found;
}
