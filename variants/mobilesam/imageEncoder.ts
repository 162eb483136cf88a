import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { add, child, GraphBuilder, gelu, type Module, take, transpose, weight } from "../../harness/onnx/index.ts";
import { channelNorm, imageNeck } from "../sam/imageNeck.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { projectionBias, windowAttention } from "./attention.ts";
import { countClassifier } from "./classifier.ts";
import { type MobileSamConfig, type Stage, stagesOf } from "./config.ts";
import { normalisedConvolution } from "./normalisedConvolution.ts";

/**
 * Builds MobileSAM's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid,
 * grid]. Values stay [1, channels, rows, columns] but for norms and attention. The runtime keeps chains of convolutions, GELUs
 * and residual sums in blocks of channels and computes bias and sum with the product, so the MLP and the projection after
 * attention are 1 x 1 convolutions too: faster than as products of matrices, whose biases and sums are passes of their own.
 * `addBlocks` adds the blocks of a stage that attends.
 * Source: mobile_sam/modeling/tiny_vit_sam.py; ./reference.ts has it operator for operator.
 */
export function imageEncoder(
  config: MobileSamConfig,
  checkpoint: Checkpoint,
  early?: EarlyTokens,
  addBlocks: AttendingBlocks = wholeBlocks,
): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const [first, ...attending] = stagesOf(config) as [Stage, ...Stage[]];
  let x = patchEmbedding(child(encoder, "patch_embed.seq"), image, first);
  for (let i = 0; i < first.depth; i++) x = convolutionBlock(child(encoder, `layers.0.blocks.${i}`), x, first);

  let before = first;
  for (const stage of attending) {
    x = merge(child(encoder, `layers.${before.index}.downsample`), x, before, stage);
    if (early?.ofLayer === before.index) graph.output(early.output, transpose(graph, x, [0, 2, 3, 1]));
    x = addBlocks(child(encoder, `layers.${stage.index}`), x, stage);
    before = stage;
  }
  const widths = { width: before.width, channels: config.decoder.embedding };
  graph.output("image_embedding", imageNeck(child(encoder, "neck"), x, widths));
  countClassifier(encoder, config);
  return graph.finish();
}

/**
 * A layer of TinyViT whose tokens are an output of the encoder too, [1, grid, grid, width] of the next stage, since a layer ends in
 * its downsampling; and that output's name.
 */
export interface EarlyTokens {
  readonly ofLayer: number;
  readonly output: string;
}

/** Adds the blocks of a stage, [1, width, grid, grid] → the same; `layer` is where the checkpoint has them. */
export type AttendingBlocks = (layer: Module, x: GraphValue, stage: Stage) => GraphValue;

const wholeBlocks: AttendingBlocks = (layer, x, stage) => {
  let result = x;
  for (let i = 0; i < stage.depth; i++) result = attentionBlock(child(layer, `blocks.${i}`), result, stage);
  return result;
};

/** Turns the image into patches [1, width, grid, grid] by two 3 x 3 convolutions of stride 2. */
function patchEmbedding(module: Module, image: GraphValue, { width }: Stage): GraphValue {
  const { graph } = module;
  const half = { inputs: 3, outputs: width / 2, kernel: 3, stride: 2 };
  const quarter = { inputs: width / 2, outputs: width, kernel: 3, stride: 2 };
  const patches = gelu(graph, normalisedConvolution(child(module, "0"), image, half));
  return normalisedConvolution(child(module, "2"), patches, quarter);
}

function convolutionBlock(block: Module, x: GraphValue, { width }: Stage): GraphValue {
  const { graph } = block;
  const hidden = 4 * width;
  const widened = gelu(graph, normalisedConvolution(child(block, "conv1"), x, { inputs: width, outputs: hidden }));
  const by3 = { inputs: hidden, outputs: hidden, kernel: 3, groups: hidden };
  const mixed = gelu(graph, normalisedConvolution(child(block, "conv2"), widened, by3));
  const narrowed = normalisedConvolution(child(block, "conv3"), mixed, { inputs: hidden, outputs: width });
  return gelu(graph, add(graph, narrowed, x));
}

/** Brings the map to the next stage's width and grid. */
function merge(module: Module, x: GraphValue, from: Stage, to: Stage): GraphValue {
  const { graph } = module;
  const { width } = to;
  const stride = from.grid / to.grid;
  const widened = gelu(graph, normalisedConvolution(child(module, "conv1"), x, { inputs: from.width, outputs: width }));
  const by3 = { inputs: width, outputs: width, kernel: 3, stride, groups: width };
  const mixed = gelu(graph, normalisedConvolution(child(module, "conv2"), widened, by3));
  return normalisedConvolution(child(module, "conv3"), mixed, { inputs: width, outputs: width });
}

/** Adds a block of attention within windows, a convolution of each channel and an MLP: [1, width, grid, grid] → the same. */
export function attentionBlock(block: Module, x: GraphValue, stage: Stage): GraphValue {
  const { graph } = block;
  const { width } = stage;
  return graph.within(block.path, () => {
    const attn = child(block, "attn");
    const attended = windowAttention(
      attn,
      channelNorm(child(attn, "norm"), x, { width, epsilon: epsilons.tinyVit }),
      stage,
    );
    const projection = { inputs: width, outputs: width, bias: projectionBias(attn, stage) };
    const projected = pointwise(child(attn, "proj"), transpose(graph, attended, [0, 3, 1, 2]), projection);
    const by3 = { inputs: width, outputs: width, kernel: 3, groups: width };
    const mixed = normalisedConvolution(child(block, "local_conv"), add(graph, projected, x), by3);

    const mlp = child(block, "mlp");
    const normalised = channelNorm(child(mlp, "norm"), mixed, { width, epsilon: epsilons.tinyVit });
    const widen = { inputs: width, outputs: 4 * width, bias: weight(mlp, "fc1.bias", [4 * width]) };
    const hidden = gelu(graph, pointwise(child(mlp, "fc1"), transpose(graph, normalised, [0, 3, 1, 2]), widen));
    const narrow = { inputs: 4 * width, outputs: width, bias: weight(mlp, "fc2.bias", [width]) };
    return add(graph, pointwise(child(mlp, "fc2"), hidden, narrow), mixed);
  });
}

interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: GraphValue;
}

/** Adds a linear layer over the channels of [1, channels, rows, columns]. */
function pointwise(module: Module, x: GraphValue, { inputs, outputs, bias }: Linear): GraphValue {
  const matrix = take(module, "weight", [outputs, inputs]);
  const dims = [outputs, inputs, 1, 1];
  const kernels = module.graph.derived({ name: matrix.name, dims, from: [matrix], compute: (values) => values! });
  return module.graph.op("Conv", [x, kernels, bias], { kernel_shape: [1, 1] });
}
