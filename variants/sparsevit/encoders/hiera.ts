import type { Checkpoint, GraphValue, OnnxGraph } from "../../../harness/api.ts";
import { child, concat, GraphBuilder, type Module, reshape, split } from "../../../harness/onnx/index.ts";
import { inverse } from "../../sam/windows.ts";
import { keptTokensPrefix } from "../../sam-decoder/load.ts";
import { hieraAttention, windowAttention } from "../../sam2/attention.ts";
import { blocksOf, coarsestGrid, gridOf, type HieraBlock } from "../../sam2/blocks.ts";
import type { Sam2Config } from "../../sam2/config.ts";
import { addOutputs, hieraBlock, patches } from "../../sam2/imageEncoder.ts";
import { isRun, nestedOrder } from "../../sam2/tokenOrder.ts";
import { keptCount, nameOf, runsOfEqual, type Sparsity, type WindowStage } from "../sparsity.ts";
import { gatherRows, keepRows, rankRows, scatterRows } from "./keptRows.ts";
import { sparseStage } from "./sparseStage.ts";

const defaults = {
  /** The widest values of a part of the image, the hidden ones of an MLP, are kept to so many bytes. */
  hiddenBytes: 32 * 2 ** 20,
};

/**
 * Returns the stages of Hiera: windowed blocks on one grid, between two that attend over the whole image. The first block of a
 * coarser grid pools, and gives every token a new width: no token can pass it unchanged.
 */
export function hieraStages(config: Sam2Config): readonly WindowStage[] {
  const stages: { blocks: number[]; windows: number }[] = [];
  let open = false;
  for (const { index, window, pools, grid } of blocksOf(config)) {
    const windowed = window !== undefined && !pools;
    if (windowed && open) stages.at(-1)!.blocks.push(index);
    else if (windowed) stages.push({ blocks: [index], windows: Math.ceil(grid / window) ** 2 });
    open = windowed;
  }
  return stages;
}

/** Everything that the parts of the encoder are built from. */
interface Build {
  readonly trunk: Module;
  readonly coarsest: number;
  readonly blocks: readonly HieraBlock[];
  readonly ratios: readonly number[];
}

/**
 * Builds SAM 2's image encoder with window activation pruning, as `sparseImageEncoder` does SAM's. A window of the fine stages
 * is one cell of nested tokens, so that the kept ones are rows of the stream.
 */
export function sparseHieraEncoder(config: Sam2Config, { ratios }: Sparsity, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const root: Module = { graph, checkpoint, path: "" };
  const trunk = child(root, "image_encoder.trunk");
  const blocks = blocksOf(config);
  const coarsest = coarsestGrid(config);
  const build = { trunk, coarsest, blocks, ratios };
  const stages = hieraStages(config);
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const order = nestedOrder(gridOf(config, 0), coarsest);
  const nested = graph.op("Gather", [patches(trunk, image, config), graph.ints(order)], { axis: 1 });
  const cells = coarsest ** 2;
  let stream = reshape(graph, nested, [cells, order.length / cells, config.width]);
  const ends = new Map<number, GraphValue>();
  for (const block of blocks) {
    const stage = stages.find((each) => each.blocks.includes(block.index));
    if (stage === undefined) stream = wholeBlock(build, stream, block);
    else if (stage.blocks[0] === block.index) stream = stageOfBlocks(build, stream, stage);
    // A stage of windows ends before the coarser grid begins.
    if (block.last) ends.set(block.stage, stream);
  }
  addOutputs(root, config, (stage) => [ends.get(stage)!], "embeddings");
  return graph.finish();
}

/** Adds a block on all tokens. */
function wholeBlock(build: Build, stream: GraphValue, block: HieraBlock): GraphValue {
  const { trunk, coarsest } = build;
  const add = (part: GraphValue) =>
    hieraBlock(child(trunk, `blocks.${block.index}`), part, block, (attn, normalised) =>
      hieraAttention(attn, normalised, block, coarsest),
    );
  return isRun(block.window, block.inputGrid, coarsest) ? inParts(trunk, stream, block, add) : add(stream);
}

/** Adds blocks that do not see beyond their cells on some cells at a time: their hidden values would be the largest of all. */
function inParts(
  { graph }: Module,
  stream: GraphValue,
  { width }: HieraBlock,
  add: (part: GraphValue) => GraphValue,
): GraphValue {
  const [cells, inEach] = stream.dims as [number, number];
  const bytesACell = inEach * 4 * width * Float32Array.BYTES_PER_ELEMENT;
  const count = Math.min(cells, Math.ceil((cells * bytesACell) / defaults.hiddenBytes));
  if (count === 1) return add(stream);
  const sizes = Array.from(
    { length: count },
    (_, i) => Math.floor(((i + 1) * cells) / count) - Math.floor((i * cells) / count),
  );
  return concat(graph, split(graph, stream, 0, sizes).map(add), 0);
}

/** Adds the windowed blocks of one stage. */
function stageOfBlocks(build: Build, stream: GraphValue, stage: WindowStage): GraphValue {
  const { blocks, coarsest } = build;
  const first = blocks[stage.blocks[0]!]!;
  if (isRun(first.window, first.grid, coarsest)) return onKeptCells(build, stream, stage);
  return onKeptWindows(build, stream, stage, first);
}

/** Adds blocks whose windows are cells of nested tokens, as `sparseStage` does others: kept windows are rows of the stream. */
function onKeptCells(build: Build, stream: GraphValue, { blocks: stage, windows }: WindowStage): GraphValue {
  const { trunk, blocks, coarsest, ratios } = build;
  const { graph } = trunk;
  const sparse = stage.filter((index) => ratios[index]! > 0);
  let whole = stream;
  for (const index of stage.slice(0, stage.length - sparse.length)) whole = wholeBlock(build, whole, blocks[index]!);
  const [first] = sparse;
  if (first === undefined) return whole;
  const countOf = (index: number) => keptCount(windows, ratios[index]!);
  const ranked = graph.within(`rank.${first}`, () => rankRows(graph, whole, countOf(first)));
  for (const run of runsOfEqual(sparse, countOf)) {
    const kept = graph.within(`keep.${run[0]}`, () => keepRows(graph, ranked, windows, countOf(run[0]!)));
    graph.output(`${keptTokensPrefix}${nameOf(run)}`, reshape(graph, kept.map, [coarsest, coarsest]));
    let rows = gatherRows(graph, whole, kept);
    for (const index of run) rows = wholeBlock(build, rows, blocks[index]!);
    whole = scatterRows(graph, whole, rows, kept);
  }
  return whole;
}

/** Adds blocks whose windows lie across cells. */
function onKeptWindows(
  build: Build,
  stream: GraphValue,
  stage: WindowStage,
  { grid, window = 0 }: HieraBlock,
): GraphValue {
  const { trunk, blocks, coarsest, ratios } = build;
  const { graph } = trunk;
  const flat = reshape(graph, stream, [1, grid ** 2, stream.dims[2]!]);
  const result = sparseStage(graph, flat, stage, ratios, {
    square: { grid, window, numbers: inverse(nestedOrder(grid, coarsest), grid ** 2) },
    whole: (tokens, index) =>
      reshape(graph, wholeBlock(build, reshape(graph, tokens, stream.dims), blocks[index]!), flat.dims),
    kept(tokens, index, { layout: { windows, tokens: count, places, restore } }) {
      // Padding places may name any token, since their results are dropped.
      const queries = graph.op("Min", [places, graph.ints([count - 1])]);
      const padded = grid % window !== 0;
      const layout = { windows, area: window ** 2, padded, places, queries, restore };
      return hieraBlock(child(trunk, `blocks.${index}`), tokens, blocks[index]!, (attn, normalised) =>
        windowAttention(attn, normalised, blocks[index]!, { keys: layout, queries: layout }),
      );
    },
  });
  return reshape(graph, result, stream.dims);
}
