import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { add, child, GraphBuilder, layerNorm, type Module, product } from "../../harness/onnx/index.ts";
import { projectionBias } from "../sam/attention.ts";
import { mlp } from "../sam/blockEnd.ts";
import type { SamConfig } from "../sam/config.ts";
import { embeddingOf, encoderBlock, imageEncoder, patchTokens, wholeBlock } from "../sam/imageEncoder.ts";
import { inverse } from "../sam/windows.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { keptTokensPrefix } from "../sam-decoder/load.ts";
import { keptMap } from "../sam-tokens/keptMap.ts";
import { squarePlaces } from "../sam-tokens/squarePlaces.ts";
import { attendAndWeigh, attendRows } from "../sam-tokens/windowedRows.ts";
import { groupOrder, windowGroups } from "../sam-tokens/windowGroups.ts";
import { type Pruning, rankingBlocks } from "./presets.ts";
import { restore, type Shortened, shorten } from "./shortened.ts";

/**
 * Builds SAM's image encoder with EViT's or Evo-ViT's treatment of tokens. A ranking block attends as SAM does, padding
 * included, and ranks each window's tokens by the attention they receive, mean over queries and heads; its MLP and the blocks
 * after it work on the best of every window and on one token for the others. Padding goes with the others. At a keep rate of 1
 * it is SAM's.
 * Sources: EViT and Evo-ViT, by their papers; both are made for classifiers with a class token and attend over the whole image.
 */
export function prunedImageEncoder(
  config: SamConfig,
  pruning: Omit<Pruning, "sam">,
  checkpoint: Checkpoint,
): OnnxGraph {
  const { method, keepRate } = pruning;
  if (keepRate === 1) return imageEncoder(config, checkpoint);
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const grid = config.side / config.patch;
  const order = groupOrder(windowGroups(grid, config.window));
  const image = graph.input("image", [1, 3, config.side, config.side]);

  const ranking = rankingBlocks(config, method);
  let stream = patchTokens(encoder, image, config);
  let shortened: Shortened | undefined;
  for (let index = 0; index < config.depth; index++) {
    const block = child(encoder, `blocks.${index}`);
    if (ranking.includes(index)) {
      const all =
        shortened === undefined
          ? graph.op("Gather", [stream, graph.ints(order)], { axis: 1 })
          : restore(graph, shortened, method);
      shortened = graph.within(block.path, () => rankingBlock(block, all, config, keepRate));
      graph.output(`${keptTokensPrefix}from block ${index}`, keptMap(graph, shortened.kept, grid));
    } else if (shortened !== undefined) shortened = shortBlock(block, shortened, config, index);
    else stream = wholeBlock(block, stream, config, index);
  }
  if (shortened !== undefined) {
    const places = graph.ints(inverse(order, order.length));
    stream = graph.op("Gather", [restore(graph, shortened, method), places], { axis: 1 });
  }
  graph.output("image_embedding", embeddingOf(encoder, stream, config));
  return graph.finish();
}

/** Adds a block that ranks tokens: it works on all of them, in group order, up to its MLP. */
function rankingBlock(block: Module, all: GraphValue, config: SamConfig, keepRate: number): Shortened {
  const { graph } = block;
  const { width, heads, window, side, patch } = config;
  const groups = windowGroups(side / patch, window);
  const attn = child(block, "attn");
  const x = layerNorm(child(block, "norm1"), all, { width, epsilon: epsilons.vit });
  const { attended, received } = attendAndWeigh(
    attn,
    { x, ...squarePlaces(graph, graph.ints(groupOrder(groups)), { grid: side / patch, square: window }) },
    {
      width,
      heads,
      side: window,
      groups: groups.map((each) => ({ ...each, queries: each.tokens, keys: each.tokens })),
    },
  );
  const projected = product(child(attn, "proj"), attended, { inputs: width, outputs: width });
  const middle = add(graph, add(graph, projected, projectionBias(attn, width)), all);
  const shortened = shorten(graph, middle, received, groups, keepRate);
  const hidden = layerNorm(child(block, "norm2"), shortened.stream, { width, epsilon: epsilons.vit });
  const { branch, bias } = mlp(child(block, "mlp"), hidden, { width, layers: ["lin1", "lin2"] });
  return { ...shortened, stream: add(graph, add(graph, branch, bias), shortened.stream) };
}

/** Adds one of SAM's blocks on the shortened stream alone. */
function shortBlock(block: Module, shortened: Shortened, config: SamConfig, index: number): Shortened {
  const { width, heads, window, side, patch, globalBlocks } = config;
  const whole = globalBlocks.includes(index);
  const square = whole ? side / patch : window;
  const rows = shortened.stream.dims[1] as number;
  const windows = whole ? [{ windows: 1, rows }] : shortened.groups;
  const groups = windows.map((each) => ({ windows: each.windows, queries: each.rows, keys: each.rows, padding: [] }));
  const stream = encoderBlock(block, shortened.stream, config, (attn, x) => {
    const placed = { x, ...squarePlaces(attn.graph, shortened.places, { grid: side / patch, square }) };
    return attendRows(attn, placed, placed, { width, heads, side: square, groups });
  });
  return { ...shortened, stream };
}
