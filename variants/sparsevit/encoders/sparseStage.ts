import type { GraphValue } from "../../../harness/api.ts";
import type { GraphBuilder } from "../../../harness/onnx/index.ts";
import { keptTokensPrefix } from "../../sam-decoder/load.ts";
import { keptCount, nameOf, runsOfEqual, type WindowStage } from "../sparsity.ts";
import { gather, type KeptWindows, keepWindows, rankWindows, scatter, type WindowGrid } from "./keptWindows.ts";

/** The blocks of a stage, on tokens [1, tokens, width]. */
export interface StageBlocks {
  readonly square: WindowGrid;
  /** Adds the block of this index on all tokens. */
  whole(stream: GraphValue, index: number): GraphValue;
  /** Adds it on those of the kept windows, which are all that the stream has. */
  kept(stream: GraphValue, index: number, windows: KeptWindows): GraphValue;
}

/** Adds the windowed blocks of one stage: first those that are whole, then those on ever fewer windows. */
export function sparseStage(
  graph: GraphBuilder,
  stream: GraphValue,
  { blocks: stage, windows }: WindowStage,
  ratios: readonly number[],
  blocks: StageBlocks,
): GraphValue {
  const { square } = blocks;
  const sparse = stage.filter((index) => ratios[index]! > 0);
  let whole = stream;
  for (const index of stage.slice(0, stage.length - sparse.length)) whole = blocks.whole(whole, index);
  const [first] = sparse;
  if (first === undefined) return whole;
  const countOf = (index: number) => keptCount(windows, ratios[index]!);
  const ranked = graph.within(`rank.${first}`, () => rankWindows(graph, whole, square, countOf(first)));
  for (const run of runsOfEqual(sparse, countOf)) {
    const kept = graph.within(`keep.${run[0]}`, () => keepWindows(graph, ranked, square, countOf(run[0]!)));
    graph.output(`${keptTokensPrefix}${nameOf(run)}`, kept.map);
    let shorter = gather(graph, whole, kept);
    for (const index of run) shorter = blocks.kept(shorter, index, kept);
    whole = scatter(graph, whole, shorter, kept);
  }
  return whole;
}
