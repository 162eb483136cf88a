import type { GraphValue } from "../../harness/api.ts";
import { concat, type GraphBuilder, type Module, product, reshape, softmax, take } from "../../harness/onnx/index.ts";
import { rankTokens } from "../sam-tokens/ranking.ts";
import { groupOrder, type WindowGroup } from "../sam-tokens/windowGroups.ts";
import { type BlvitConfig, selectedCount } from "./config.ts";

/** Tokens that P-blocks work on, from one prediction layer to the next. */
export interface Selection {
  readonly count: number;
  /** Groups of windows, and the number of tokens selected in each window of a group. */
  readonly groups: readonly { readonly windows: number; readonly count: number }[];
  /** Places of the selected tokens in the image, int64 [count]: group by group, window by window, the best first. */
  readonly tokens: GraphValue;
  /** [1, count, 1] */
  readonly scores: GraphValue;
}

/**
 * Adds a prediction layer: it computes one linear number a token, and softmax over the image's tokens. Each window gives the
 * same share of its tokens to the P-block; padding is no token, so windows at the image's far sides give fewer. Softmax keeps
 * the order, so tokens are ranked before it.
 */
export function selectTokens(
  prediction: Module,
  stream: GraphValue,
  { sam }: BlvitConfig,
  groups: readonly WindowGroup[],
  pruneRatio: number,
): Selection {
  const { graph } = prediction;
  const tokens = (sam.side / sam.patch) ** 2;
  const logits = reshape(graph, product(prediction, stream, { inputs: sam.width, outputs: 1 }), [1, tokens]);
  graph.withoutEffect(take(prediction, "bias", [1]));
  const order = graph.ints(groupOrder(groups));
  const inOrder = graph.op("Gather", [logits, order], { axis: 1 });
  const ranked = rankTokens(graph, inOrder, groups, (each) => selectedCount(each, pruneRatio));
  const flat = ranked.map(({ rows, windows, count }) => reshape(graph, rows, [windows * count]));
  const selected = graph.op("Gather", [order, flat.length === 1 ? flat[0]! : concat(graph, flat, 0)], { axis: 0 });
  const count = ranked.reduce((sum, each) => sum + each.windows * each.count, 0);
  const scores = graph.op("Gather", [softmax(graph, logits), selected], { axis: 1 });
  return { count, groups: ranked, tokens: selected, scores: reshape(graph, scores, [1, count, 1]) };
}

/** Returns the selected rows of [1, tokens, …], or of a list with one number a token. */
export function selectedOf(graph: GraphBuilder, x: GraphValue, { tokens }: Selection): GraphValue {
  return graph.op("Gather", [x, tokens], { axis: x.dims.length === 1 ? 0 : 1 });
}

/** Returns all tokens [1, tokens, width], with `rows` added to the selected ones or put in their place. */
export function backToAll(
  graph: GraphBuilder,
  all: GraphValue,
  rows: GraphValue,
  { tokens, count }: Selection,
  reduction: "add" | "none",
): GraphValue {
  const [one, length, width] = all.dims as [number, number, number];
  const inputs = [
    reshape(graph, all, [length, width]),
    reshape(graph, tokens, [count, 1]),
    reshape(graph, rows, [count, width]),
  ];
  return reshape(graph, graph.op("ScatterND", inputs, { reduction }), [one, length, width]);
}
