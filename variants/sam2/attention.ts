import type { GraphValue } from "../../harness/api.ts";
import { concat, type Module, reshape } from "../../harness/onnx/index.ts";
import { attend, gatherTokens, project } from "../sam/attention.ts";
import type { HieraBlock } from "./blocks.ts";
import { isRun, type NestedWindows, nestedWindows } from "./tokenOrder.ts";

/**
 * Computes the attention of one block on nested tokens: [cells, tokens in each, inputWidth] → [cells, tokens in each that are
 * left, width], before the output projection. Scores are never stored: the runtime's operator takes them a block at a time.
 * Windows that reach over the image's edge are filled up with tokens of zeros, as published, and these are attended to: their
 * keys and values are the biases alone, which `project` leaves out of all keys and values.
 * Source: MultiScaleAttention of sam2/modeling/backbones/hieradet.py.
 */
export function hieraAttention(attn: Module, x: GraphValue, block: HieraBlock, coarsest: number): GraphValue {
  const { width, inputGrid, window } = block;
  const tokens = inputGrid ** 2;
  const left = (x.dims[1] as number) / (block.pools ? 4 : 1);
  const cells = x.dims[0] as number;
  if (isRun(window, inputGrid, coarsest)) return attended(attn, x, x, block);
  const flat = reshape(attn.graph, x, [1, tokens, block.inputWidth]);
  const all = window === undefined ? attended(attn, flat, flat, block) : inWindows(attn, flat, block, coarsest);
  return reshape(attn.graph, all, [cells, left, width]);
}

/** Attends within each [tokens, inputWidth] of the batch. */
function attended(attn: Module, queried: GraphValue, keyed: GraphValue, block: HieraBlock): GraphValue {
  const { query, key, value } = project(attn, queried, keyed, block.width);
  return attend(attn, { query: pooled(attn, query, block), key, value }, headsOf(block));
}

function inWindows(attn: Module, x: GraphValue, block: HieraBlock, coarsest: number): GraphValue {
  const { graph } = attn;
  const { inputGrid, grid, window = 0, pools } = block;
  const keys = nestedWindows(graph, inputGrid, window, coarsest);
  const queries = pools ? nestedWindows(graph, grid, window / 2, coarsest) : keys;
  return windowAttention(attn, x, block, { keys, queries });
}

interface Windows {
  readonly keys: NestedWindows;
  /** Windows of the tokens that are left where the block pools, as many as the keys' windows. */
  readonly queries: NestedWindows;
}

/** Attends within windows of [1, tokens, inputWidth], those of the whole image or some of them: [1, tokens left, width]. */
export function windowAttention(
  attn: Module,
  x: GraphValue,
  block: HieraBlock,
  { keys, queries }: Windows,
): GraphValue {
  const { graph } = attn;
  const { width, inputWidth, window = 0 } = block;
  if (queries.windows !== keys.windows) throw new Error(`windows of ${window} tokens do not pool to as many windows`);
  const zero = graph.constant(
    `window.padding.${inputWidth}`,
    "float32",
    [1, 1, inputWidth],
    () => new Float32Array(inputWidth),
  );
  const attendedTo = keys.padded ? concat(graph, [x, zero], 1) : x;
  const { query, key, value } = project(attn, x, attendedTo, width);
  const dims = [keys.windows, keys.area, width];
  const within = attend(
    attn,
    {
      query: gatherTokens(attn, pooled(attn, query, block), queries.queries, [queries.windows, queries.area, width]),
      key: gatherTokens(attn, key, keys.places, dims),
      value: gatherTokens(attn, value, keys.places, dims),
    },
    headsOf(block),
  );
  const flat = reshape(graph, within, [1, queries.windows * queries.area, width]);
  return gatherTokens(attn, flat, queries.restore, [1, queries.restore.dims[0] as number, width]);
}

function headsOf({ heads, width }: HieraBlock) {
  return { heads, headWidth: width / heads };
}

/** Returns the largest of each four tokens that follow each other, where the block pools: [n, tokens, width] → [n, tokens / 4, width]. */
export function pooled({ graph }: Module, x: GraphValue, { pools, width }: HieraBlock): GraphValue {
  if (!pools) return x;
  const [batch, tokens] = x.dims as [number, number];
  const fours = reshape(graph, x, [(batch * tokens) / 4, 4, width]);
  const largest = graph.op("ReduceMax", [fours, graph.ints([1])], { keepdims: 0 });
  return reshape(graph, largest, [batch, tokens / 4, width]);
}
