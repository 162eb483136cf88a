import type { GraphValue } from "../../harness/api.ts";
import { add, child, conv2d, type Module, mul } from "../../harness/onnx/index.ts";
import { normalisedConvolution } from "../mobilesam/normalisedConvolution.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { type Branches, squeezedWidth } from "./config.ts";
import type { RepVitLayers } from "./layers.ts";

/** RepViT's blocks on [1, channels, rows, columns]. They take their modules, since published networks name them differently. */

const epsilon = epsilons.repVitBatchNorm;

interface Stem {
  readonly first: Module;
  readonly second: Module;
}

/** Turns the image into [1, width, side / 4, side / 4] by two 3 x 3 convolutions of stride 2. */
export function stem({ first, second }: Stem, image: GraphValue, width: number, { gelu }: RepVitLayers): GraphValue {
  const step = { kernel: 3, stride: 2, epsilon };
  const half = normalisedConvolution(first, image, { ...step, inputs: 3, outputs: width / 2 });
  return normalisedConvolution(second, gelu(first.graph, half), { ...step, inputs: width / 2, outputs: width });
}

/** Names two 1 x 1 convolutions with their batch norms: the first doubles the channels, the second halves them. */
interface ChannelMixer {
  readonly widen: Module;
  readonly narrow: Module;
}

interface MixingBlock {
  readonly tokens: Module;
  /** Squeeze-excite; absent where the block has none. */
  readonly excite?: Module | undefined;
  readonly channels: ChannelMixer;
}

interface Mixing {
  readonly width: number;
  readonly branches: Branches;
}

/** Adds a block that keeps the map's size: places of each channel are mixed, then channels of each place. */
export function mixingBlock(modules: MixingBlock, x: GraphValue, how: Mixing, layers: RepVitLayers): GraphValue {
  const mixed = layers.mix(modules.tokens, x, how);
  const excited = modules.excite === undefined ? mixed : squeezeExcite(modules.excite, mixed, how.width, layers);
  return channelMixer(modules.channels, excited, how.width, layers);
}

interface Downsampling {
  readonly smaller: Module;
  readonly wider: Module;
  readonly channels: ChannelMixer;
}

interface Sizes {
  readonly inputs: number;
  readonly width: number;
  readonly stride: 1 | 2;
}

/** Adds a block that brings the map to a stage's grid and width. */
export function downsampling(
  { smaller, wider, channels }: Downsampling,
  x: GraphValue,
  { inputs, width, stride }: Sizes,
  layers: RepVitLayers,
): GraphValue {
  const by3 = { inputs, outputs: inputs, kernel: 3, stride, groups: inputs, epsilon };
  const small = normalisedConvolution(smaller, x, by3);
  return channelMixer(
    channels,
    normalisedConvolution(wider, small, { inputs, outputs: width, epsilon }),
    width,
    layers,
  );
}

/** Multiplies each channel by a gate that follows from all channels' means. */
function squeezeExcite(module: Module, x: GraphValue, width: number, { mean }: RepVitLayers): GraphValue {
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

/** Adds what two 1 x 1 convolutions with GELU between them make of the map. */
function channelMixer(
  { widen, narrow }: ChannelMixer,
  x: GraphValue,
  width: number,
  { gelu }: RepVitLayers,
): GraphValue {
  const { graph } = widen;
  const widened = normalisedConvolution(widen, x, { inputs: width, outputs: 2 * width, epsilon });
  const narrowed = normalisedConvolution(narrow, gelu(graph, widened), { inputs: 2 * width, outputs: width, epsilon });
  return add(graph, x, narrowed);
}
