import type { GraphValue } from "../../harness/api.ts";
import { child, type Module } from "../../harness/onnx/index.ts";
import { downsampling, mixingBlock, stem } from "../repvit/blocks.ts";
import type { RepVitLayers } from "../repvit/layers.ts";
import type { EdgeTamConfig } from "./config.ts";

const branches = "norm in each branch";

/**
 * Adds a RepViT under timm's names: an image [1, 3, side, side] → the last map of each stage, [1, width, rows, columns], from the
 * finest to the coarsest. RepViT's authors count the block before a map shrinks to the stage that it ends, timm to the next one:
 * a stage's map is the one before that block. Source: timm/models/repvit.py, features_only.
 */
export function edgeTamTrunk(
  body: Module,
  image: GraphValue,
  { widths, depths }: EdgeTamConfig,
  layers: RepVitLayers,
): readonly GraphValue[] {
  const convolutions = { first: child(body, "stem.conv1"), second: child(body, "stem.conv2") };
  let x = stem(convolutions, image, widths[0], layers);
  return widths.map((width, stage) => {
    const module = child(body, `stages_${stage}`);
    if (stage > 0) x = stageStart(child(module, "downsample"), x, { inputs: widths[stage - 1]!, width }, layers);
    for (let i = 0; i < depths[stage]!; i++) x = block(child(module, `blocks.${i}`), x, { width, place: i }, layers);
    return x;
  });
}

interface Start {
  readonly inputs: number;
  readonly width: number;
}

/** Adds the block that ends the stage before, and the step to this stage's grid and width. */
function stageStart(module: Module, x: GraphValue, { inputs, width }: Start, layers: RepVitLayers): GraphValue {
  const modules = {
    smaller: child(module, "spatial_downsample"),
    wider: child(module, "channel_downsample"),
    channels: mixerOf(module, "ffn"),
  };
  const mixed = block(child(module, "pre_block"), x, { width: inputs, place: "between stages" }, layers);
  return module.graph.within(module.path, () => downsampling(modules, mixed, { inputs, width, stride: 2 }, layers));
}

interface Placed {
  readonly width: number;
  /** Place in the stage: squeeze-excite is in every other block from the first on, and in none between stages. */
  readonly place: number | "between stages";
}

function block(module: Module, x: GraphValue, { width, place }: Placed, layers: RepVitLayers): GraphValue {
  const modules = {
    tokens: child(module, "token_mixer"),
    excite: place !== "between stages" && place % 2 === 0 ? child(module, "se") : undefined,
    channels: mixerOf(module, "channel_mixer"),
  };
  return module.graph.within(module.path, () => mixingBlock(modules, x, { width, branches }, layers));
}

function mixerOf(module: Module, name: string) {
  return { widen: child(module, `${name}.conv1`), narrow: child(module, `${name}.conv2`) };
}
