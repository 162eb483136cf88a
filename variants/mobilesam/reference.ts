import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  GraphBuilder,
  layerNorm,
  type Module,
  mul,
  reshape,
  softmax,
  split,
  transpose,
} from "../../harness/onnx/index.ts";
import { exportedImageNeck } from "../sam/imageNeck.ts";
import { partition, unpartition } from "../sam/partition.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedGelu, exportedLinear, exportedMlp } from "../sam-decoder/exported.ts";
import { attentionBias } from "./attentionBias.ts";
import { countClassifier } from "./classifier.ts";
import { type MobileSamConfig, type Stage, stagesOf } from "./config.ts";
import type { EarlyTokens } from "./imageEncoder.ts";
import { normalisedConvolution } from "./normalisedConvolution.ts";

/**
 * Builds MobileSAM's image encoder operator for operator as PyTorch exports the published code in inference mode, where the
 * exporter folds batch norms into convolutions: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * Source: mobile_sam/modeling/tiny_vit_sam.py.
 */
export function referenceImageEncoder(config: MobileSamConfig, checkpoint: Checkpoint, early?: EarlyTokens): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const [first, ...attending] = stagesOf(config) as [Stage, ...Stage[]];
  const half = { inputs: 3, outputs: first.width / 2, kernel: 3, stride: 2 };
  const quarter = { inputs: first.width / 2, outputs: first.width, kernel: 3, stride: 2 };
  const patches = exportedGelu(graph, normalisedConvolution(child(encoder, "patch_embed.seq.0"), image, half));
  let x = normalisedConvolution(child(encoder, "patch_embed.seq.2"), patches, quarter);
  for (let i = 0; i < first.depth; i++) x = convolutionBlock(child(encoder, `layers.0.blocks.${i}`), x, first.width);

  let before = first;
  for (const stage of attending) {
    const merged = merge(child(encoder, `layers.${before.index}.downsample`), x, before, stage);
    let tokens = toTokens(graph, merged, stage);
    if (early?.ofLayer === before.index)
      graph.output(early.output, reshape(graph, tokens, [1, stage.grid, stage.grid, stage.width]));
    for (let i = 0; i < stage.depth; i++) {
      const block = child(encoder, `layers.${stage.index}.blocks.${i}`);
      tokens = graph.within(block.path, () => attentionBlock(block, tokens, stage));
    }
    x = transpose(graph, reshape(graph, tokens, [1, stage.grid, stage.grid, stage.width]), [0, 3, 1, 2]);
    before = stage;
  }
  const widths = { width: before.width, channels: config.decoder.embedding };
  graph.output("image_embedding", exportedImageNeck(child(encoder, "neck"), x, widths));
  countClassifier(encoder, config);
  return graph.finish();
}

function convolutionBlock(block: Module, x: GraphValue, width: number): GraphValue {
  const { graph } = block;
  const hidden = 4 * width;
  const widened = normalisedConvolution(child(block, "conv1"), x, { inputs: width, outputs: hidden });
  const by3 = { inputs: hidden, outputs: hidden, kernel: 3, groups: hidden };
  const mixed = normalisedConvolution(child(block, "conv2"), exportedGelu(graph, widened), by3);
  const narrowed = normalisedConvolution(child(block, "conv3"), exportedGelu(graph, mixed), {
    inputs: hidden,
    outputs: width,
  });
  return exportedGelu(graph, add(graph, narrowed, x));
}

function merge(module: Module, x: GraphValue, from: Stage, to: Stage): GraphValue {
  const { graph } = module;
  const convolve = (name: string, values: GraphValue, inputs: number, how: { kernel?: number; stride?: number } = {}) =>
    normalisedConvolution(child(module, name), values, {
      inputs,
      outputs: to.width,
      ...how,
      groups: how.kernel === undefined ? 1 : to.width,
    });
  const widened = exportedGelu(graph, convolve("conv1", x, from.width));
  const stride = from.grid / to.grid;
  return convolve("conv3", exportedGelu(graph, convolve("conv2", widened, to.width, { kernel: 3, stride })), to.width);
}

function toTokens(graph: GraphBuilder, image: GraphValue, { grid, width }: Stage): GraphValue {
  return transpose(graph, reshape(graph, image, [1, width, grid * grid]), [0, 2, 1]);
}

function attentionBlock(block: Module, tokens: GraphValue, stage: Stage): GraphValue {
  const { graph } = block;
  const { grid, width } = stage;
  const square = reshape(graph, tokens, [1, grid, grid, width]);
  const attended = unpartition(graph, attention(child(block, "attn"), partition(graph, square, stage), stage), stage);
  const sum = add(graph, tokens, reshape(graph, attended, [1, grid * grid, width]));

  const image = reshape(graph, transpose(graph, sum, [0, 2, 1]), [1, width, grid, grid]);
  const by3 = { inputs: width, outputs: width, kernel: 3, groups: width };
  const mixed = toTokens(graph, normalisedConvolution(child(block, "local_conv"), image, by3), stage);

  const mlp = child(block, "mlp");
  const normalised = layerNorm(child(mlp, "norm"), mixed, { width, epsilon: epsilons.tinyVit });
  return add(graph, mixed, exportedMlp(mlp, normalised, { width, layers: ["fc1", "fc2"] }));
}

/** Attends within each window: [windows, area, width] → the same. A head's query, key and value lie side by side. */
function attention(attn: Module, x: GraphValue, stage: Stage): GraphValue {
  const { graph } = attn;
  const { width, heads } = stage;
  const [windows, area] = x.dims as [number, number];
  const headWidth = width / heads;
  const normalised = layerNorm(child(attn, "norm"), x, { width, epsilon: epsilons.tinyVit });
  const joint = exportedLinear(child(attn, "qkv"), normalised, { inputs: width, outputs: 3 * width });
  const parts = split(graph, reshape(graph, joint, [windows, area, heads, 3 * headWidth]), 3, [
    headWidth,
    headWidth,
    headWidth,
  ]);
  const [query, key, value] = parts.map((part) => transpose(graph, part, [0, 2, 1, 3])) as [
    GraphValue,
    GraphValue,
    GraphValue,
  ];
  const products = graph.op("MatMul", [query, transpose(graph, key, [0, 1, 3, 2])]);
  const scores = add(graph, mul(graph, products, graph.number(1 / Math.sqrt(headWidth))), attentionBias(attn, stage));
  const attended = transpose(graph, graph.op("MatMul", [softmax(graph, scores), value]), [0, 2, 1, 3]);
  const merged = reshape(graph, attended, [windows, area, width]);
  return exportedLinear(child(attn, "proj"), merged, { inputs: width, outputs: width });
}
