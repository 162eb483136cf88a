import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  conv2d,
  GraphBuilder,
  layerNorm,
  type Module,
  reshape,
  take,
  transpose,
} from "../../harness/onnx/index.ts";
import { stretchedPositions } from "../bicubic/stretched.ts";
import { attend, project, projectionBias } from "../sam/attention.ts";
import { blockEnd } from "../sam/blockEnd.ts";
import { neck } from "../sam/neck.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import type { EncoderOutputs } from "../sam2-neck/outputs.ts";
import { type EfficientTamConfig, neckLayers, trainedGrid } from "./config.ts";
import { allWindows, windowAttention } from "./windowAttention.ts";

/**
 * Builds EfficientTAM's image encoder as it is measured, a plain ViT: `image` [1, 3, side, side] → `image_embedding` [1,
 * embedding, grid, grid], with the vector that stands for "no memory" in it. Tokens stay [1, tokens, width] throughout.
 * `addBlocks` adds the transformer's blocks.
 * Source: modeling/backbones/vitdet.py and image_encoder.py of yformer/EfficientTAM; ./reference.ts has it operator for operator.
 */
export function imageEncoder(
  config: EfficientTamConfig,
  checkpoint: Checkpoint,
  outputs: EncoderOutputs,
  addBlocks: Blocks = wholeBlocks,
): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const root: Module = { graph, checkpoint, path: "" };
  const trunk = child(root, "image_encoder.trunk");
  const { side, patch, width, decoder } = config;
  const grid = side / patch;
  const channels = decoder.embedding;
  const image = graph.input("image", [1, 3, side, side]);
  const stream = addBlocks(trunk, patchTokens(trunk, image, config), config);
  const map = neck(child(root, "image_encoder.neck.convs.0"), stream, { width, grid, channels, layers: neckLayers });
  graph.output("image_embedding", add(graph, map, noMemory(root, channels)));
  if (outputs === "embeddings and stages")
    graph.output("trunk_stages.0", reshape(graph, transpose(graph, stream, [0, 2, 1]), [1, width, grid, grid]));
  return graph.finish();
}

/** Adds the blocks of the trunk on [1, tokens, width]. */
type Blocks = (trunk: Module, tokens: GraphValue, config: EfficientTamConfig) => GraphValue;

const wholeBlocks: Blocks = (trunk, tokens, config) => {
  let stream = tokens;
  for (let i = 0; i < config.depth; i++) stream = wholeBlock(child(trunk, `blocks.${i}`), stream, config, i);
  return stream;
};

/** Turns the image into tokens with positions. */
function patchTokens(trunk: Module, image: GraphValue, { patch, width, side }: EfficientTamConfig): GraphValue {
  const { graph } = trunk;
  const grid = side / patch;
  const how = { inputs: 3, outputs: width, kernel: patch, stride: patch, bias: "with bias" } as const;
  const patches = reshape(graph, conv2d(child(trunk, "patch_embed.proj"), image, how), [1, width, grid * grid]);
  const positions = stretchedPositions(trunk, { trained: trainedGrid, grid, width });
  return add(graph, transpose(graph, patches, [0, 2, 1]), positions);
}

/**
 * Adds the block of this index, on all tokens. In global blocks the runtime's attention operator goes through the scores in
 * tiles, so no [heads, tokens, tokens] tensor is ever there.
 */
export function wholeBlock(block: Module, stream: GraphValue, config: EfficientTamConfig, index: number): GraphValue {
  const { width, heads, globalBlocks } = config;
  return encoderBlock(block, stream, config, (attn, normalised) =>
    globalBlocks.includes(index)
      ? attend(attn, project(attn, normalised, normalised, width), { heads, headWidth: width / heads })
      : windowAttention(attn, normalised, config, allWindows(attn.graph, config)),
  );
}

/** Adds one transformer block on the tokens that `attendTo` works on. */
export function encoderBlock(
  block: Module,
  stream: GraphValue,
  { width }: EfficientTamConfig,
  attendTo: (attn: Module, normalised: GraphValue) => GraphValue,
): GraphValue {
  return block.graph.within(block.path, () => {
    const attn = child(block, "attn");
    const normalised = layerNorm(child(block, "norm1"), stream, { width, epsilon: epsilons.vit });
    const attended = attendTo(attn, normalised);
    const bias = projectionBias(attn, width);
    return blockEnd(block, { attended, stream, projectionBias: bias, width, layers: ["layers.0", "layers.1"] });
  });
}

/** Returns the vector that stands for "no memory", which is added everywhere: [1, channels, 1, 1]. */
function noMemory(root: Module, channels: number): GraphValue {
  const vector = take(root, "no_mem_embed", [1, 1, channels]);
  const dims = [1, channels, 1, 1];
  return root.graph.derived({ name: vector.name, dims, from: [vector], compute: (values) => values! });
}
