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
import { epsilons } from "../sam-decoder/epsilons.ts";
import { globalAttention, projectionBias, windowAttention } from "./attention.ts";
import { blockEnd } from "./blockEnd.ts";
import type { SamConfig } from "./config.ts";
import { neck } from "./neck.ts";
import { wholeImage } from "./windows.ts";

/**
 * Builds SAM's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * Tokens stay [1, tokens, width] throughout. With `early` one block's tokens are an output too.
 * Source: segment_anything/modeling/image_encoder.py; ./reference.ts has it operator for operator.
 */
export function imageEncoder(config: SamConfig, checkpoint: Checkpoint, early?: EarlyTokens): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);

  let stream = patchTokens(encoder, image, config);
  for (let i = 0; i < config.depth; i++) {
    stream = wholeBlock(child(encoder, `blocks.${i}`), stream, config, i);
    if (early?.afterBlock === i) graph.output(early.output, inSquare(graph, stream, config));
  }
  graph.output("image_embedding", embeddingOf(encoder, stream, config));
  return graph.finish();
}

/** A block whose tokens are an output of the encoder too, [1, grid, grid, width], and that output's name. */
export interface EarlyTokens {
  readonly afterBlock: number;
  readonly output: string;
}

/** Turns tokens [1, grid², width] into [1, grid, grid, width]. */
export function inSquare(graph: GraphBuilder, tokens: GraphValue, { side, patch, width }: SamConfig): GraphValue {
  return reshape(graph, tokens, [1, side / patch, side / patch, width]);
}

/** Turns [1, 3, side, side] into tokens [1, grid², width], and adds their positions. */
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

/** Turns tokens [1, grid², width] into the image embedding [1, embedding, grid, grid]. */
export function embeddingOf(encoder: Module, stream: GraphValue, config: SamConfig): GraphValue {
  const { width, side, patch, decoder } = config;
  return neck(child(encoder, "neck"), stream, { width, grid: side / patch, channels: decoder.embedding });
}

/** Adds the block of this index, on all tokens. */
export function wholeBlock(block: Module, stream: GraphValue, config: SamConfig, index: number): GraphValue {
  const { width, heads, window, side, patch } = config;
  const grid = side / patch;
  return encoderBlock(block, stream, config, (attn, normalised) =>
    config.globalBlocks.includes(index)
      ? globalAttention(attn, normalised, { width, heads, grid })
      : windowAttention(attn, normalised, { width, heads, window }, wholeImage(attn.graph, grid, window)),
  );
}

/** Adds one transformer block on the tokens that `attend` works on. */
export function encoderBlock(
  block: Module,
  stream: GraphValue,
  { width, mlp: hidden }: Pick<SamConfig, "width" | "mlp">,
  attend: (attn: Module, normalised: GraphValue) => GraphValue,
): GraphValue {
  return block.graph.within(block.path, () => {
    const attn = child(block, "attn");
    const attended = attend(attn, layerNorm(child(block, "norm1"), stream, { width, epsilon: epsilons.vit }));
    const bias = projectionBias(attn, width);
    return blockEnd(block, { attended, stream, projectionBias: bias, width, hidden, layers: ["lin1", "lin2"] });
  });
}
