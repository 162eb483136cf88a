import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  GraphBuilder,
  layerNorm,
  type Module,
  reshape,
  take,
  transpose,
} from "../../harness/onnx/index.ts";
import { attend, project, projectionBias } from "../sam/attention.ts";
import { blockEnd } from "../sam/blockEnd.ts";
import { neck } from "../sam/neck.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import type { EfficientSamConfig } from "./config.ts";
import { positionEmbedding } from "./positionEmbedding.ts";

/** ImageNet's mean and standard deviation on the 0 … 1 scale: the model normalises its own input. */
export const pixelMean = [0.485, 0.456, 0.406] as const;
export const pixelStd = [0.229, 0.224, 0.225] as const;

/**
 * Builds EfficientSAM's image encoder as it is measured, a plain ViT: `image` [1, 3, side, side], pixels in 0 … 1 →
 * `image_embedding` [1, embedding, grid, grid]. Tokens stay [1, tokens, width] throughout.
 * Source: efficient_sam/efficient_sam_encoder.py; ./reference.ts has it operator for operator.
 */
export function imageEncoder(config: EfficientSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);

  let stream = patchTokens(encoder, image, config);
  for (let i = 0; i < config.depth; i++) {
    const block = child(encoder, `blocks.${i}`);
    stream = graph.within(block.path, () => encoderBlock(block, stream, config));
  }
  const { width, side, patch, decoder } = config;
  const sizes = { width, grid: side / patch, channels: decoder.embedding };
  graph.output("image_embedding", neck(child(encoder, "neck"), stream, sizes));
  return graph.finish();
}

/**
 * Turns the image into tokens with positions. Normalising, (x - mean) / std, is linear, so it is folded into the convolution,
 * which pads nothing.
 */
function patchTokens(encoder: Module, image: GraphValue, config: EfficientSamConfig): GraphValue {
  const { graph } = encoder;
  const { patch, width, side } = config;
  const grid = side / patch;
  const projection = child(encoder, "patch_embed.proj");
  const kernels = take(projection, "weight", [width, 3, patch, patch]);
  const bias = take(projection, "bias", [width]);
  const area = patch * patch;
  const channelOf = (i: number) => Math.floor(i / area) % 3;
  const foldedKernels = graph.derived({
    name: `${kernels.name}.normalising`,
    dims: kernels.dims,
    from: [kernels],
    compute: (values) => values!.map((value, i) => value / pixelStd[channelOf(i)]!),
  });
  const foldedBias = graph.derived({
    name: `${bias.name}.normalising`,
    dims: [width],
    from: [kernels, bias],
    compute: (values, own) =>
      own!.map((value, output) => {
        let sum = value;
        for (let i = output * 3 * area; i < (output + 1) * 3 * area; i++)
          sum -= (values![i]! * pixelMean[channelOf(i)]!) / pixelStd[channelOf(i)]!;
        return sum;
      }),
  });
  const patches = graph.op("Conv", [image, foldedKernels, foldedBias], {
    kernel_shape: [patch, patch],
    strides: [patch, patch],
  });
  const tokens = transpose(graph, reshape(graph, patches, [1, width, grid * grid]), [0, 2, 1]);
  return add(graph, tokens, positionEmbedding(encoder, config));
}

/**
 * Adds one block of the plain ViT: all tokens attend to all. The runtime's attention operator goes through the scores in tiles,
 * so no [heads, tokens, tokens] tensor is ever there.
 */
function encoderBlock(block: Module, stream: GraphValue, { width, heads }: EfficientSamConfig): GraphValue {
  const attn = child(block, "attn");
  const normalised = layerNorm(child(block, "norm1"), stream, { width, epsilon: epsilons.vit });
  const projected = project(attn, normalised, normalised, width);
  const attended = attend(attn, projected, { heads, headWidth: width / heads });
  return blockEnd(block, {
    attended,
    stream,
    projectionBias: projectionBias(attn, width),
    width,
    layers: ["fc1", "fc2"],
  });
}
