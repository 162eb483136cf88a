import type { Dim, GraphValue } from "../../../harness/api.ts";
import { add, reshape, softmax, take, transpose, weight } from "../../../harness/onnx/index.ts";
import type { QuantizableModule } from "../calibrate/places.ts";

interface Widths {
  readonly inputs: number;
  readonly outputs: number;
}

/** Returns x W^T over the last axis, with input and weight quantised. `dims` is the weight's shape in the checkpoint. */
export function quantizableProduct(
  module: QuantizableModule,
  x: GraphValue,
  { inputs, outputs }: Widths,
  dims: readonly number[] = [outputs, inputs],
): GraphValue {
  const { graph, places, path } = module;
  const matrix = places.weight(take(module, "weight", dims));
  const input = places.activation(`${path}.input`, x);
  places.product(path, "weights", [...x.dims, outputs]);
  const flat = graph.derived({ name: matrix.name, dims: [outputs, inputs], from: [matrix], compute: (all) => all });
  return graph.op("FusedMatMul", [input, flat], { transB: 1 });
}

/** Returns x W^T + b over the last axis, with input and weight quantised. */
export function quantizableLinear(module: QuantizableModule, x: GraphValue, widths: Widths): GraphValue {
  const { graph, path } = module;
  return graph.within(path, () =>
    add(graph, quantizableProduct(module, x, widths), weight(module, "bias", [widths.outputs])),
  );
}

/** Adds the 3 x 3 convolution of the neck, without bias, on [1, channels, grid, grid]. */
export function quantizableConvolution(module: QuantizableModule, x: GraphValue, channels: number): GraphValue {
  const { graph, places, path } = module;
  const kernels = places.weight(take(module, "weight", [channels, channels, 3, 3]));
  const input = places.activation(`${path}.input`, x);
  places.product(path, "weights", [...x.dims, channels, 3, 3]);
  const attributes = { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] };
  return graph.op("Conv", [input, graph.weight(kernels)], attributes);
}

/** Turns [groups, tokens, heads * width] into [groups, heads, tokens, width]. */
export function splitHeads({ graph }: QuantizableModule, x: GraphValue, heads: number): GraphValue {
  const [groups, tokens, width] = x.dims as [Dim, Dim, number];
  return transpose(graph, reshape(graph, x, [groups, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** Turns [groups, heads, tokens, width] into [groups, tokens, heads * width]. */
export function mergeHeads({ graph }: QuantizableModule, x: GraphValue): GraphValue {
  const [groups, heads, tokens, width] = x.dims as [Dim, number, Dim, number];
  return reshape(graph, transpose(graph, x, [0, 2, 1, 3]), [groups, tokens, heads * width]);
}

interface Attending {
  /** Queries, keys and values are quantised, and split by head. */
  readonly query: GraphValue;
  readonly key: GraphValue;
  readonly value: GraphValue;
  readonly part: number;
  /** Adds the bias to the scores. */
  readonly bias?: (scores: GraphValue) => GraphValue;
}

/** Returns softmax(q k^T / sqrt(width) + bias) v, with the probabilities quantised: [groups, heads, rows, width]. */
export function attend(module: QuantizableModule, { query, key, value, part, bias }: Attending): GraphValue {
  const { graph, places, path } = module;
  const width = query.dims[3] as number;
  const rows = query.dims.slice(0, 3);
  const columns = key.dims[2]!;
  places.product(path, "scores", [...rows, columns, width]);
  places.product(path, "values", [...rows, columns, width]);
  const products = scores(module, query, key);
  const probabilities = softmax(graph, bias === undefined ? products : bias(products));
  return graph.op("MatMul", [places.softmax(`${path}.softmax`, { probabilities, values: value, part }), value]);
}

/** Returns q k^T / sqrt(width): [groups, heads, rows, columns]. */
export function scores({ graph }: QuantizableModule, query: GraphValue, key: GraphValue): GraphValue {
  const width = query.dims[3] as number;
  return graph.op("FusedMatMul", [query, key], { transB: 1, alpha: { float: 1 / Math.sqrt(width) } });
}
