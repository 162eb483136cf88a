import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  conv2d,
  GraphBuilder,
  layerNorm,
  type Module,
  reshape,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { globalAttention, projectionBias, windowAttention } from "./attention.ts";
import { blockEnd } from "./blockEnd.ts";
import type { SamConfig } from "./config.ts";
import { neck } from "./neck.ts";

/** LayerNorms of the encoder, its neck included. */
const epsilon = 1e-6;

/**
 * SAM's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * Tokens stay [1, tokens, width] throughout. A block's bias, residual sum and next normalisation are one operator.
 * Source: segment_anything/modeling/image_encoder.py; ./reference.ts has it operator for operator.
 */
export function imageEncoder(config: SamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);

  let stream = patchTokens(encoder, image, config);
  let normalised = layerNorm(child(encoder, "blocks.0.norm1"), stream, { width: config.width, epsilon });
  for (let i = 0; i < config.depth; i++) {
    const block = child(encoder, `blocks.${i}`);
    [normalised, stream] = graph.within(block.path, () => encoderBlock(block, normalised, stream, config, i));
  }
  const { width, side, patch, decoder } = config;
  const sizes = { width, grid: side / patch, channels: decoder.embedding };
  graph.output("image_embedding", neck(child(encoder, "neck"), stream, sizes));
  return graph.finish();
}

/** Patches with their absolute positions, [1, grid², width]. */
export function patchTokens(
  encoder: Module,
  image: GraphValue,
  { patch, width, side }: Pick<SamConfig, "patch" | "width" | "side">,
): GraphValue {
  const { graph } = encoder;
  const grid = side / patch;
  const convolution = { inputs: 3, outputs: width, kernel: patch, stride: patch, bias: "with bias" } as const;
  const patches = conv2d(child(encoder, "patch_embed.proj"), image, convolution);
  const tokens = transpose(graph, reshape(graph, patches, [1, width, grid * grid]), [0, 2, 1]);
  const positions = reshape(graph, weight(encoder, "pos_embed", [1, grid, grid, width]), [1, grid * grid, width]);
  return add(graph, tokens, positions);
}

/** One transformer block, from its normalised input to the next block's: [normalised, stream]. */
function encoderBlock(
  block: Module,
  normalised: GraphValue,
  stream: GraphValue,
  config: SamConfig,
  index: number,
): readonly [GraphValue, GraphValue] {
  const { width, heads, window, depth } = config;
  const sizes = { width, heads, grid: config.side / config.patch };
  const attn = child(block, "attn");
  const attended = config.globalBlocks.includes(index)
    ? globalAttention(attn, normalised, sizes)
    : windowAttention(attn, normalised, { ...sizes, window });
  const bias = projectionBias(attn, width);
  return blockEnd(block, { attended, stream, projectionBias: bias, width, layers: ["lin1", "lin2"], index, depth });
}
