import type { GraphValue } from "../../harness/api.ts";
import { child, type Module } from "../../harness/onnx/index.ts";
import { downsampling, mixingBlock, stem } from "./blocks.ts";
import { type Branches, type RepVitBlock, type RepVitConfig, repVitBlocks } from "./config.ts";
import type { RepVitLayers } from "./layers.ts";

/**
 * Adds a RepViT under its published names: an image [1, 3, side, side] → the last map of each stage, [1, width, rows, columns].
 * Sources: repvit_sam/modeling/repvit.py; edge_sam/modeling/rep_vit.py.
 */
export function repVitTrunk(
  features: Module,
  image: GraphValue,
  config: RepVitConfig,
  layers: RepVitLayers,
): readonly GraphValue[] {
  const { branches } = config;
  let x = stem({ first: child(features, "0.0"), second: child(features, "0.2") }, image, config.widths[0], layers);
  const maps: GraphValue[] = [];
  for (const block of repVitBlocks(config)) {
    const module = child(features, String(block.index));
    x = features.graph.within(module.path, () => wholeBlock(module, x, { ...block, branches }, layers));
    maps[block.stage] = x;
  }
  return maps;
}

interface WholeBlock extends RepVitBlock {
  readonly branches: Branches;
}

function wholeBlock(module: Module, x: GraphValue, block: WholeBlock, layers: RepVitLayers): GraphValue {
  const mixer = child(module, "token_mixer");
  const channels = { widen: child(module, "channel_mixer.m.0"), narrow: child(module, "channel_mixer.m.2") };
  if (block.kind === "changes size")
    return downsampling({ smaller: child(mixer, "0"), wider: child(mixer, "2"), channels }, x, block, layers);
  const excite = block.excites ? child(mixer, "1") : undefined;
  return mixingBlock({ tokens: child(mixer, "0"), excite, channels }, x, block, layers);
}
