import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  conv2d,
  GraphBuilder,
  gelu,
  layerNorm,
  type Module,
  product,
  reshape,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { windowAttention } from "./attention.ts";
import { type MobileSamConfig, type Stage, stagesOf } from "./config.ts";
import { normalisedConvolution } from "./normalisedConvolution.ts";

/** LayerNorms of TinyViT. */
const epsilon = 1e-5;
/** Those of the neck, which is SAM's. */
const neckEpsilon = 1e-6;

/**
 * MobileSAM's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * Channels come last throughout: 1 x 1 convolutions are products, and the 3 x 3 ones turn their input on their own.
 * Source: mobile_sam/modeling/tiny_vit_sam.py; ./reference.ts has it operator for operator.
 */
export function imageEncoder(config: MobileSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const [first, ...attending] = stagesOf(config) as [Stage, ...Stage[]];
  let x = patchEmbedding(child(encoder, "patch_embed.seq"), image, first);
  for (let i = 0; i < first.depth; i++) x = convolutionBlock(child(encoder, `layers.0.blocks.${i}`), x, first);

  let before = first;
  for (const stage of attending) {
    x = merge(child(encoder, `layers.${before.index}.downsample`), x, before, stage);
    x = transpose(graph, x, [0, 2, 3, 1]);
    for (let i = 0; i < stage.depth; i++) {
      const block = child(encoder, `layers.${stage.index}.blocks.${i}`);
      x = graph.within(block.path, () => attentionBlock(block, x, stage));
    }
    x = transpose(graph, x, [0, 3, 1, 2]);
    before = stage;
  }
  graph.output("image_embedding", neck(child(encoder, "neck"), x, before, config.decoder.embedding));
  return graph.finish();
}

/** Two 3 x 3 convolutions of stride 2: [1, width, grid, grid]. */
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

/** To the next stage's width and grid. */
function merge(module: Module, x: GraphValue, from: Stage, to: Stage): GraphValue {
  const { graph } = module;
  const { width } = to;
  const stride = from.grid / to.grid;
  const widened = gelu(graph, normalisedConvolution(child(module, "conv1"), x, { inputs: from.width, outputs: width }));
  const by3 = { inputs: width, outputs: width, kernel: 3, stride, groups: width };
  const mixed = gelu(graph, normalisedConvolution(child(module, "conv2"), widened, by3));
  return normalisedConvolution(child(module, "conv3"), mixed, { inputs: width, outputs: width });
}

/** A 3 x 3 convolution of each channel alone. */
function depthwise(module: Module, x: GraphValue, width: number, stride = 1): GraphValue {
  const how = { inputs: width, outputs: width, kernel: 3, stride, groups: width };
  const mixed = normalisedConvolution(module, transpose(module.graph, x, [0, 3, 1, 2]), how);
  return transpose(module.graph, mixed, [0, 2, 3, 1]);
}

/** Attention within windows, a convolution of each channel, an MLP: [1, grid, grid, width] → the same. */
function attentionBlock(block: Module, x: GraphValue, stage: Stage): GraphValue {
  const { graph } = block;
  const { width, grid } = stage;
  const attn = child(block, "attn");
  const attended = windowAttention(attn, layerNorm(child(attn, "norm"), x, { width, epsilon }), stage);
  const mixed = depthwise(child(block, "local_conv"), add(graph, attended, x), width);

  const mlp = child(block, "mlp");
  const tokens = reshape(graph, mixed, [grid * grid, width]);
  const normalised = layerNorm(child(mlp, "norm"), tokens, { width, epsilon });
  const hidden = product(child(mlp, "fc1"), normalised, { inputs: width, outputs: 4 * width });
  const activated = graph.op("BiasGelu", [hidden, weight(mlp, "fc1.bias", [4 * width])]);
  const branch = gemm(child(mlp, "fc2"), activated, 4 * width, width);
  return reshape(graph, add(graph, branch, tokens), [1, grid, grid, width]);
}

function gemm(module: Module, x: GraphValue, inputs: number, outputs: number): GraphValue {
  const weights = [weight(module, "weight", [outputs, inputs]), weight(module, "bias", [outputs])];
  return module.graph.op("Gemm", [x, ...weights], { transB: 1 });
}

/** 1 x 1 convolution, norm, 3 x 3 convolution, norm: to the embedding's channels. */
function neck(module: Module, x: GraphValue, { width, grid }: Stage, channels: number): GraphValue {
  const { graph } = module;
  const matrix = reshape(graph, weight(module, "0.weight", [channels, width, 1, 1]), [channels, width]);
  const narrow = graph.op("FusedMatMul", [transpose(graph, x, [0, 2, 3, 1]), matrix], { transB: 1 });
  const norm = { width: channels, epsilon: neckEpsilon };
  const first = layerNorm(child(module, "1"), narrow, norm);
  const by3 = { inputs: channels, outputs: channels, kernel: 3, padding: 1, bias: "without bias" } as const;
  const mixed = conv2d(child(module, "2"), transpose(graph, first, [0, 3, 1, 2]), by3);
  const last = layerNorm(child(module, "3"), transpose(graph, mixed, [0, 2, 3, 1]), norm);
  return reshape(graph, transpose(graph, last, [0, 3, 1, 2]), [1, channels, grid, grid]);
}
