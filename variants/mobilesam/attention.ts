import type { GraphValue } from "../../harness/api.ts";
import { add, child, concat, type Module, reshape, softmax, take } from "../../harness/onnx/index.ts";
import type { Stage } from "./config.ts";
import { attentionBias } from "./windows.ts";

/**
 * Attention within windows, on normalised tokens [1, grid, grid, width] → the same. Where windows reach over the image's
 * edge TinyViT fills them with zeros before the norm, so a padding token is the norm's bias and is attended to as any other.
 */
export function windowAttention(attn: Module, normalised: GraphValue, stage: Stage): GraphValue {
  const { graph } = attn;
  const { width, heads, grid, window } = stage;
  const headWidth = width / heads;
  const area = window * window;
  const windows = Math.ceil(grid / window) ** 2;
  const order = windowOrder(stage);
  const tokens = reshape(graph, normalised, [grid * grid, width]);
  const padding = reshape(graph, graph.weight(take(child(attn, "norm"), "bias", [width])), [1, width]);
  const filled = grid % window === 0 ? tokens : concat(graph, [tokens, padding], 0);
  const { query, key, value } = projections(attn, stage);
  const times = (matrix: GraphValue) => graph.op("FusedMatMul", [filled, matrix], { transB: 1 });
  const index = graph.ints(order);
  const byWindow = (x: GraphValue) => {
    const rows = reshape(graph, x, [(x.dims[0] as number) * heads, headWidth]);
    return reshape(graph, graph.op("Gather", [rows, index], { axis: 0 }), [windows, heads, area, headWidth]);
  };
  const queries = byWindow(add(graph, times(query), queryBias(attn, stage)));
  const products = graph.op("FusedMatMul", [queries, byWindow(times(key))], {
    transB: 1,
    alpha: { float: headWidth ** -0.5 },
  });
  const scores = add(graph, products, attentionBias(attn, stage));
  const attended = graph.op("MatMul", [softmax(graph, scores), byWindow(times(value))]);
  const rows = reshape(graph, attended, [windows * heads * area, headWidth]);
  const back = graph.op("Gather", [rows, graph.ints(inverse(order, grid * grid * heads))], { axis: 0 });
  const matrix = graph.weight(take(child(attn, "proj"), "weight", [width, width]));
  const projected = graph.op("Gemm", [reshape(graph, back, [grid * grid, width]), matrix, projectionBias(attn, stage)], {
    transB: 1,
  });
  return reshape(graph, projected, [1, grid, grid, width]);
}

type Part = "query" | "key" | "value";
const parts: readonly Part[] = ["query", "key", "value"];

/** In the checkpoint a head's query, key and value lie side by side; here each has a matrix of its own, [width, width]. */
function projections(attn: Module, { width, heads }: Stage): Readonly<Record<Part, GraphValue>> {
  const joint = take(child(attn, "qkv"), "weight", [3 * width, width]);
  const matrix = (name: Part) =>
    attn.graph.derived({
      name: `${joint.name}.${name}`,
      dims: [width, width],
      from: [joint],
      compute: (values) => rowsOf(values!, name, { heads, rowLength: width }),
    });
  return { query: matrix("query"), key: matrix("key"), value: matrix("value") };
}

/** The keys' bias adds the same number to all scores of a query, padding included, so softmax does not see it. */
function queryBias(attn: Module, { width, heads }: Stage): GraphValue {
  const joint = take(child(attn, "qkv"), "bias", [3 * width]);
  return attn.graph.derived({
    name: `${joint.name}.query`,
    dims: [width],
    from: [joint],
    compute: (values) => rowsOf(values!, "query", { heads, rowLength: 1 }),
  });
}

/** Softmax sums to one, so the values' bias passes through attention as it is and meets the projection as a constant. */
function projectionBias(attn: Module, { width, heads }: Stage): GraphValue {
  const [joint, weight, bias] = [
    take(child(attn, "qkv"), "bias", [3 * width]),
    take(child(attn, "proj"), "weight", [width, width]),
    take(child(attn, "proj"), "bias", [width]),
  ];
  return attn.graph.derived({
    name: `${bias.name}+qkv.bias`,
    dims: [width],
    from: [joint, weight, bias],
    compute: (values, matrix, own) => {
      const passed = rowsOf(values!, "value", { heads, rowLength: 1 });
      return own!.map((value, row) =>
        passed.reduce((sum, through, column) => sum + matrix![row * width + column]! * through, value),
      );
    },
  });
}

/** The rows of all heads' queries, keys or values, head by head. */
function rowsOf(
  joint: Float32Array,
  part: Part,
  { heads, rowLength }: { readonly heads: number; readonly rowLength: number },
): Float32Array {
  const block = joint.length / (3 * heads);
  const result = new Float32Array(joint.length / 3);
  for (let head = 0; head < heads; head++) {
    const start = (3 * head + parts.indexOf(part)) * block;
    result.set(joint.subarray(start, start + block), head * block);
  }
  if (block % rowLength !== 0) throw new Error(`${block} values are no rows of ${rowLength}`);
  return result;
}

/** [windows][heads][area] → row of [tokens][heads]; `grid²` names the padding token that follows the image's own. */
function windowOrder({ grid, window, heads }: Stage): number[] {
  const across = Math.ceil(grid / window);
  const area = window * window;
  return Array.from({ length: (across * window) ** 2 * heads }, (_, place) => {
    const inside = place % area;
    const head = Math.floor(place / area) % heads;
    const index = Math.floor(place / (area * heads));
    const row = Math.floor(index / across) * window + Math.floor(inside / window);
    const column = (index % across) * window + (inside % window);
    const token = row < grid && column < grid ? row * grid + column : grid * grid;
    return token * heads + head;
  });
}

/** Place of each of the image's tokens. */
function inverse(order: readonly number[], rows: number): number[] {
  const places = new Array<number>(rows).fill(0);
  for (const [place, token] of order.entries()) if (token < rows) places[token] = place;
  return places;
}
