import type { GraphValue, OnnxGraph } from "../../../harness/api.ts";
import { type GraphBuilder, rewriteGraph, transposeMatrix } from "../../../harness/onnx/index.ts";
import { fakeQuantizeLog2Node, fakeQuantizeNode, fakeQuantizeRows } from "../../../harness/quantize/index.ts";
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
  const scores = new Map(attentions.map((attention) => [attention.scores, attention.place]));
  const weighted = new Map(attentions.map((attention) => [attention.weighted, attention.place]));
  const quantized = (builder: GraphBuilder, place: string, x: GraphValue) =>
    fakeQuantizeNode(builder, x, known(activations, place));
  return rewriteGraph(graph, (node, inputs, builder) => {
    const [x, y, ...rest] = inputs as [GraphValue, GraphValue, ...(GraphValue | undefined)[]];
    const again = (...factors: readonly GraphValue[]) => [
      builder.op(node.operator, [...factors, ...rest], node.attributes),
    ];
    const layer = byNode.get(node);
    if (layer !== undefined) {
      const input = quantized(builder, `${layer.place}.input`, x);
      return again(input, quantizedWeight(builder, layer, y, weights));
    }
    const scored = scores.get(node);
    if (scored !== undefined)
      return again(quantized(builder, `${scored}.query`, x), quantized(builder, `${scored}.key`, y));
    const place = weighted.get(node);
    if (place === undefined) return undefined;
    const quantizer = known(softmax, `${place}.softmax`);
    const probabilities =
      "tau" in quantizer ? fakeQuantizeLog2Node(builder, x, quantizer) : fakeQuantizeNode(builder, x, quantizer);
    return again(probabilities, quantized(builder, `${place}.value`, y));
  });
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
