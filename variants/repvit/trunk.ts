import type { GraphValue } from "../../harness/api.ts";
import { add, child, conv2d, type Module, mul } from "../../harness/onnx/index.ts";
import { normalisedConvolution } from "../mobilesam/normalisedConvolution.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { type Branches, type RepVitBlock, type RepVitConfig, repVitBlocks, squeezedWidth } from "./config.ts";
import type { RepVitLayers } from "./layers.ts";

const epsilon = epsilons.repVitBatchNorm;

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
  let x = stem(child(features, "0"), image, config.widths[0], layers);
  const maps: GraphValue[] = [];
  for (const block of repVitBlocks(config)) {
    const module = child(features, String(block.index));
    const { branches } = config;
    x = features.graph.within(module.path, () => wholeBlock(module, x, { ...block, branches }, layers));
    maps[block.stage] = x;
  }
  return maps;
}

/** Turns the image into [1, width, side / 4, side / 4] by two 3 x 3 convolutions of stride 2. */
function stem(module: Module, image: GraphValue, width: number, { gelu }: RepVitLayers): GraphValue {
  const step = { kernel: 3, stride: 2, epsilon };
  const half = normalisedConvolution(child(module, "0"), image, { ...step, inputs: 3, outputs: width / 2 });
  return normalisedConvolution(child(module, "2"), gelu(module.graph, half), {
    ...step,
    inputs: width / 2,
    outputs: width,
  });
}

interface WholeBlock extends RepVitBlock {
  readonly branches: Branches;
}

function wholeBlock(module: Module, x: GraphValue, block: WholeBlock, layers: RepVitLayers): GraphValue {
  const { inputs, width, stride, branches } = block;
  const mixer = child(module, "token_mixer");
  const channels = { widen: child(module, "channel_mixer.m.0"), narrow: child(module, "channel_mixer.m.2") };
  if (block.kind === "changes size") {
    const by3 = { inputs, outputs: inputs, kernel: 3, stride, groups: inputs, epsilon };
    const smaller = normalisedConvolution(child(mixer, "0"), x, by3);
    const wider = normalisedConvolution(child(mixer, "2"), smaller, { inputs, outputs: width, epsilon });
    return channelMixer(channels, wider, width, layers);
  }
  const mixed = layers.mix(child(mixer, "0"), x, { width, branches });
  const excited = block.excites ? squeezeExcite(child(mixer, "1"), mixed, width, layers) : mixed;
  return channelMixer(channels, excited, width, layers);
}

/** Multiplies each channel of [1, width, rows, columns] by a gate that follows from all channels' means. */
export function squeezeExcite(module: Module, x: GraphValue, width: number, { mean }: RepVitLayers): GraphValue {
  const { graph } = module;
  const reduced = squeezedWidth(width);
  const bias = "with bias";
  const squeezed = conv2d(child(module, "fc1"), mean(graph, x), { inputs: width, outputs: reduced, kernel: 1, bias });
  const excited = conv2d(child(module, "fc2"), graph.op("Relu", [squeezed]), {
    inputs: reduced,
    outputs: width,
    kernel: 1,
    bias,
  });
  return mul(graph, x, graph.op("Sigmoid", [excited]));
}

/** Names two 1 x 1 convolutions with their batch norms: the first doubles the channels, the second halves them. */
interface ChannelMixer {
  readonly widen: Module;
  readonly narrow: Module;
}

/** Adds to [1, width, rows, columns] what two 1 x 1 convolutions with GELU between them make of it. */
export function channelMixer(
  { widen, narrow }: ChannelMixer,
  x: GraphValue,
  width: number,
  { gelu }: RepVitLayers,
): GraphValue {
  const { graph } = widen;
  const widened = normalisedConvolution(widen, x, { inputs: width, outputs: 2 * width, epsilon });
  return add(
    graph,
    x,
    normalisedConvolution(narrow, gelu(graph, widened), { inputs: 2 * width, outputs: width, epsilon }),
  );
}
