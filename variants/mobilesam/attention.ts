import type { GraphValue } from "../../harness/api.ts";
import { add, child, concat, type Module, reshape, softmax, take, weight } from "../../harness/onnx/index.ts";
import { passedBias } from "../sam-decoder/passedBias.ts";
import { attentionBias } from "./attentionBias.ts";
import type { Stage } from "./config.ts";

/**
 * Computes attention within windows, without the output projection, on normalised tokens [1, grid, grid, width] → the same.
 * Where windows reach over the image's edge TinyViT fills them with zeros before the norm, so a padding token is the norm's
 * bias, attended to as any other, and is projected once for all of them. One gather brings a token's head to its window:
 * [windows, heads, area, head width]. The runtime's attention operator would turn queries, keys, values and result again; with
 * a bias it keeps the scores in memory anyway.
 */
export function windowAttention(attn: Module, normalised: GraphValue, stage: Stage): GraphValue {
  const { graph } = attn;
  const { width, heads, grid, window } = stage;
  const headWidth = width / heads;
  const dims = [Math.ceil(grid / window) ** 2, heads, window * window, headWidth];
  const { order, back } = windowOrders(attn, stage);
  const { query, key, value } = projections(attn, stage);
  const image = reshape(graph, normalised, [grid * grid, width]);
  const padding = reshape(graph, weight(child(attn, "norm"), "bias", [width]), [1, width]);
  const tokens = concat(graph, [image, padding], 0);
  const project = (matrix: GraphValue) => graph.op("FusedMatMul", [tokens, matrix], { transB: 1 });
  const byWindow = (x: GraphValue) => {
    const rows = reshape(graph, x, [(grid * grid + 1) * heads, headWidth]);
    return reshape(graph, graph.op("Gather", [rows, order], { axis: 0 }), dims);
  };

  const queries = byWindow(add(graph, project(query), queryBias(attn, stage)));
  const scale = { transB: 1, alpha: { float: 1 / Math.sqrt(headWidth) } };
  const products = graph.op("FusedMatMul", [queries, byWindow(project(key))], scale);
  const probabilities = softmax(graph, add(graph, products, attentionBias(attn, stage)));
  const attended = graph.op("MatMul", [probabilities, byWindow(project(value))]);
  const rows = reshape(graph, attended, [dims[0]! * dims[1]! * dims[2]!, headWidth]);
  return reshape(graph, graph.op("Gather", [rows, back], { axis: 0 }), [1, grid, grid, width]);
}

type Part = "query" | "key" | "value";
const parts: readonly Part[] = ["query", "key", "value"];

/**
 * Returns matrices of queries, keys and values, [width, width] each. In the checkpoint a head's query, key and value lie side
 * by side.
 */
export function projections(attn: Module, { width, heads }: Stage): Readonly<Record<Part, GraphValue>> {
  const joint = take(child(attn, "qkv"), "weight", [3 * width, width]);
  const matrix = (name: Part) =>
    attn.graph.derived({
      name: `${joint.name}.${name}`,
      dims: [width, width],
      from: [joint],
      compute: (values) => partOf(values!, name, heads),
    });
  return { query: matrix("query"), key: matrix("key"), value: matrix("value") };
}

/**
 * Returns the queries' bias. The keys' bias adds the same number to all scores of a query, padding included, so softmax does
 * not see it.
 */
export function queryBias(attn: Module, { width, heads }: Stage): GraphValue {
  const joint = take(child(attn, "qkv"), "bias", [3 * width]);
  return attn.graph.derived({
    name: `${joint.name}.query`,
    dims: [width],
    from: [joint],
    compute: (values) => partOf(values!, "query", heads),
  });
}

/**
 * Returns the output projection's bias with the values' bias in it. Softmax sums to one, so the values' bias passes through
 * attention as it is and meets the projection as a constant.
 */
export function projectionBias(attn: Module, { width, heads }: Stage): GraphValue {
  const joint = take(child(attn, "qkv"), "bias", [3 * width]);
  const weight = take(child(attn, "proj"), "weight", [width, width]);
  const bias = take(child(attn, "proj"), "bias", [width]);
  return attn.graph.derived({
    name: `${bias.name}+qkv.bias`,
    dims: [width],
    from: [joint, weight, bias],
    compute: (values, matrix, own) => passedBias({ bias: partOf(values!, "value", heads), matrix: matrix!, own: own! }),
  });
}

/** Returns the rows of all heads' queries, keys or values, head by head. */
function partOf(joint: Float32Array, part: Part, heads: number): Float32Array {
  const block = joint.length / (3 * heads);
  const result = new Float32Array(joint.length / 3);
  for (let head = 0; head < heads; head++) {
    const start = (3 * head + parts.indexOf(part)) * block;
    result.set(joint.subarray(start, start + block), head * block);
  }
  return result;
}

/**
 * Returns two lists of rows. `order` says which row of [tokens and padding][heads] each row of [windows][heads][area] is;
 * `back` says which of these each row of [tokens][heads] becomes. Blocks of one stage share them.
 */
function windowOrders(attn: Module, stage: Stage): { readonly order: GraphValue; readonly back: GraphValue } {
  const { grid, window, heads } = stage;
  const across = Math.ceil(grid / window);
  const name = `windows[${grid} by ${window}, ${heads} heads]`;
  const indices = (part: string, length: number, values: () => readonly number[]) =>
    attn.graph.constant(`${name}.${part}`, "int64", [length], () => BigInt64Array.from(values(), BigInt));
  return {
    order: indices("order", (across * window) ** 2 * heads, () => windowOrder(stage)),
    back: indices("back", grid * grid * heads, () => inverse(windowOrder(stage), grid * grid * heads)),
  };
}

/** Returns `order` of `windowOrders`; token `grid²` is the padding token that follows the image's own. */
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

/** Returns the place of each of the first `rows` rows. */
function inverse(order: readonly number[], rows: number): number[] {
  const places = new Array<number>(rows).fill(0);
  for (const [place, row] of order.entries()) if (row < rows) places[row] = place;
  return places;
}
