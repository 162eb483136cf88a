import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  conv2d,
  GraphBuilder,
  layerNorm,
  type Module,
  mul,
  reshape,
  softmax,
  split,
  transpose,
} from "../../harness/onnx/index.ts";
import { referenceNeck } from "../sam/reference.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedLinear, exportedMlp } from "../sam-decoder/exported.ts";
import type { EfficientSamConfig } from "./config.ts";
import { pixelMean, pixelStd } from "./imageEncoder.ts";
import { positionEmbedding } from "./positionEmbedding.ts";

/**
 * Builds EfficientSAM's image encoder operator for operator as PyTorch exports the published code: attention scores in memory,
 * one product for queries, keys and values. It is what the fused encoder is measured against.
 * Source: efficient_sam/efficient_sam_encoder.py.
 */
export function referenceImageEncoder(config: EfficientSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const { side, patch, width, depth } = config;
  const grid = side / patch;
  const image = graph.input("image", [1, 3, side, side]);
  const perChannel = (name: string, values: readonly number[]) =>
    graph.constant(name, "float32", [1, 3, 1, 1], () => Float32Array.from(values));
  const centred = graph.op("Sub", [image, perChannel("pixel_mean", pixelMean)]);
  const normalised = graph.op("Div", [centred, perChannel("pixel_std", pixelStd)]);
  const convolution = { inputs: 3, outputs: width, kernel: patch, stride: patch, bias: "with bias" } as const;
  const patches = transpose(graph, conv2d(child(encoder, "patch_embed.proj"), normalised, convolution), [0, 2, 3, 1]);
  const positions = reshape(graph, positionEmbedding(encoder, config), [1, grid, grid, width]);
  let x = reshape(graph, add(graph, patches, positions), [1, grid * grid, width]);
  for (let i = 0; i < depth; i++) {
    const block = child(encoder, `blocks.${i}`);
    x = graph.within(block.path, () => referenceBlock(block, x, config));
  }
  const square = reshape(graph, x, [1, grid, grid, width]);
  graph.output("image_embedding", referenceNeck(child(encoder, "neck"), square, config));
  return graph.finish();
}

function referenceBlock(block: Module, x: GraphValue, config: EfficientSamConfig): GraphValue {
  const { graph } = block;
  const { width } = config;
  const normalised = layerNorm(child(block, "norm1"), x, { width, epsilon: epsilons.vit });
  const middle = add(graph, x, referenceAttention(child(block, "attn"), normalised, config));
  const mlp = child(block, "mlp");
  const mlpInput = layerNorm(child(block, "norm2"), middle, { width, epsilon: epsilons.vit });
  return add(graph, middle, exportedMlp(mlp, mlpInput, { width, layers: ["fc1", "fc2"] }));
}

/** Lets all tokens attend to all: [1, tokens, width] → the same. */
function referenceAttention(attn: Module, x: GraphValue, { width, heads }: EfficientSamConfig): GraphValue {
  const { graph } = attn;
  const tokens = x.dims[1] as number;
  const headWidth = width / heads;
  const joint = exportedLinear(child(attn, "qkv"), x, { inputs: width, outputs: 3 * width });
  const byHead = transpose(graph, reshape(graph, joint, [1, tokens, 3, heads, headWidth]), [2, 0, 3, 1, 4]);
  const [query, key, value] = split(graph, byHead, 0, [1, 1, 1]).map((part) =>
    graph.op("Squeeze", [part, graph.ints([0])]),
  ) as [GraphValue, GraphValue, GraphValue];
  const products = graph.op("MatMul", [query, transpose(graph, key, [0, 1, 3, 2])]);
  const probabilities = softmax(graph, mul(graph, products, graph.number(1 / Math.sqrt(headWidth))));
  const attended = transpose(graph, graph.op("MatMul", [probabilities, value]), [0, 2, 1, 3]);
  return exportedLinear(child(attn, "proj"), reshape(graph, attended, [1, tokens, width]), {
    inputs: width,
    outputs: width,
  });
}
