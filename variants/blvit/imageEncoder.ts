import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, layerNorm, type Module, mul, weight } from "../../harness/onnx/index.ts";
import { embeddingOf, patchTokens, wholeBlock } from "../sam/imageEncoder.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { keptTokensPrefix } from "../sam-decoder/load.ts";
import { keptMap } from "../sam-tokens/keptMap.ts";
import { type WindowGroup, windowGroups } from "../sam-tokens/windowGroups.ts";
import type { BlvitConfig } from "./config.ts";
import { efficientBlock } from "./efficientBlock.ts";
import { performanceBlock } from "./performanceBlock.ts";
import { backToAll, type Selection, selectTokens } from "./selection.ts";

/**
 * Builds big.LITTLE ViT as SAM's image encoder: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * After some layers tokens are scored; until the next time, the best of every window go through P-blocks, SAM's own, and all go
 * through E-blocks, which are narrower: x' = E(x) + gamma P(x) for the selected, x' = E(x) for the others.
 * Source: big.LITTLE Vision Transformer, of which no code was released; README.md says what was decided where it is silent.
 */
export function blvitImageEncoder(config: BlvitConfig, pruneRatio: number, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const { sam } = config;
  const { side, patch, window } = sam;
  const grid = side / patch;
  const groups = windowGroups(grid, window);
  const image = graph.input("image", [1, 3, side, side]);

  let stream = patchTokens(encoder, image, sam);
  let selection: Selection | undefined;
  for (const [index, kind] of config.layers.entries()) {
    const block = child(encoder, `blocks.${index}`);
    if (kind === "plain") stream = wholeBlock(block, stream, sam, index);
    else {
      if (selection === undefined) throw new Error(`layer ${index + 1} comes before the first prediction`);
      const layer = { kind, index, selection, groups };
      stream = graph.within(block.path, () => selectiveLayer(block, stream, config, layer));
    }
    if (!config.predictions.includes(index + 1)) continue;
    selection = graph.within(`${block.path}.prediction`, () =>
      selectTokens(child(block, "prediction"), stream, config, groups, pruneRatio),
    );
    graph.output(`${keptTokensPrefix}after layer ${index + 1}`, keptMap(graph, selection.tokens, grid));
  }
  graph.output("image_embedding", embeddingOf(encoder, stream, sam));
  return graph.finish();
}

interface SelectiveLayer {
  readonly kind: "module" | "selected";
  /** Index of the layer, from 0. */
  readonly index: number;
  readonly selection: Selection;
  readonly groups: readonly WindowGroup[];
}

function selectiveLayer(
  block: Module,
  stream: GraphValue,
  config: BlvitConfig,
  { kind, ...where }: SelectiveLayer,
): GraphValue {
  const { graph } = block;
  const { selection, index } = where;
  const { width } = config.sam;
  const normalised = layerNorm(child(block, "norm1"), stream, { width, epsilon: epsilons.vit });
  const performed = performanceBlock(block, { ...where, normalised, stream }, config);
  if (kind === "selected") return backToAll(graph, stream, performed, selection, "none");
  const efficient = efficientBlock(child(block, "efficient"), stream, config, index);
  const scaled = mul(graph, performed, weight(block, "gamma", [width]));
  return backToAll(graph, efficient, scaled, selection, "add");
}
