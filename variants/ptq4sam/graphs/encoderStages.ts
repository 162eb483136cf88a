import type { GraphValue } from "../../../harness/api.ts";
import { add, conv2d, layerNorm, reshape, transpose, weight } from "../../../harness/onnx/index.ts";
import type { SamConfig } from "../../sam/config.ts";
import { partition, unpartition } from "../../sam/partition.ts";
import { epsilons } from "../../sam-decoder/epsilons.ts";
import { part, type QuantizableModule } from "../calibrate/places.ts";
import { encoderAttention } from "./encoderAttention.ts";
import { quantizableConvolution, quantizableLinear, quantizableProduct } from "./layers.ts";
import type { Stage } from "./stage.ts";

/**
 * Returns SAM's image encoder in stages: patches, attention and MLP of each block, neck. Queries, keys, values and
 * probabilities are values of their own, as published; nothing is folded that a quantiser must see.
 * Source: segment_anything/modeling/image_encoder.py.
 */
export function encoderStages(config: SamConfig): readonly Stage[] {
  const blocks = Array.from({ length: config.depth }, (_, i): Stage[] => [
    stage(`image_encoder.blocks.${i}.attn`, "stream", "stream", (root, x) => attentionBranch(root, x, config, i)),
    stage(`image_encoder.blocks.${i}.mlp`, "stream", "stream", (root, x) => mlpBranch(root, x, config, i)),
  ]);
  return [
    stage("image_encoder.patch_embed", "image", "stream", (root, image) => patchTokens(root, image, config)),
    ...blocks.flat(),
    stage("image_encoder.neck", "stream", "image_embedding", (root, x) => neck(root, x, config)),
  ];
}

function stage(
  name: string,
  from: string,
  to: string,
  add: (root: QuantizableModule, x: GraphValue) => GraphValue,
): Stage {
  return { name, inputs: [from], outputs: [to], add: (root, state) => ({ [to]: add(root, state[from]!) }) };
}

function patchTokens(root: QuantizableModule, image: GraphValue, { patch, width, side }: SamConfig): GraphValue {
  const { graph } = root;
  const encoder = part(root, "image_encoder");
  const tokens = (side / patch) ** 2;
  const convolution = { inputs: 3, outputs: width, kernel: patch, stride: patch, bias: "with bias" } as const;
  const patches = conv2d(part(encoder, "patch_embed.proj"), image, convolution);
  const positions = weight(encoder, "pos_embed", [1, side / patch, side / patch, width]);
  return add(
    graph,
    transpose(graph, reshape(graph, patches, [1, width, tokens]), [0, 2, 1]),
    reshape(graph, positions, [1, tokens, width]),
  );
}

function attentionBranch(root: QuantizableModule, x: GraphValue, config: SamConfig, index: number): GraphValue {
  const { graph } = root;
  const { width, window } = config;
  const grid = config.side / config.patch;
  const block = part(root, `image_encoder.blocks.${index}`);
  const normalised = layerNorm(part(block, "norm1"), x, { width, epsilon: epsilons.vit });
  const attn = part(block, "attn");
  return graph.within(attn.path, () => {
    if (config.globalBlocks.includes(index)) return add(graph, x, encoderAttention(attn, normalised, config, grid));
    const sides = { grid, window };
    const square = reshape(graph, normalised, [1, grid, grid, width]);
    const attended = encoderAttention(attn, partition(graph, square, sides), config, window);
    return add(graph, x, reshape(graph, unpartition(graph, attended, sides), [1, grid * grid, width]));
  });
}

function mlpBranch(root: QuantizableModule, x: GraphValue, { width }: SamConfig, index: number): GraphValue {
  const { graph } = root;
  const block = part(root, `image_encoder.blocks.${index}`);
  const normalised = layerNorm(part(block, "norm2"), x, { width, epsilon: epsilons.vit });
  const hidden = quantizableLinear(part(block, "mlp.lin1"), normalised, { inputs: width, outputs: 4 * width });
  const activated = graph.op("Gelu", [hidden]);
  return add(graph, x, quantizableLinear(part(block, "mlp.lin2"), activated, { inputs: 4 * width, outputs: width }));
}

function neck(root: QuantizableModule, x: GraphValue, { width, side, patch, decoder }: SamConfig): GraphValue {
  const { graph } = root;
  const module = part(root, "image_encoder.neck");
  const grid = side / patch;
  const channels = decoder.embedding;
  const toImage = (tokens: GraphValue) =>
    reshape(graph, transpose(graph, tokens, [0, 2, 1]), [1, channels, grid, grid]);
  const widths = { inputs: width, outputs: channels };
  const narrow = quantizableProduct(part(module, "0"), x, widths, [channels, width, 1, 1]);
  const first = layerNorm(part(module, "1"), narrow, { width: channels, epsilon: epsilons.imageChannels });
  const mixed = quantizableConvolution(part(module, "2"), toImage(first), channels);
  const tokens = transpose(graph, reshape(graph, mixed, [1, channels, grid * grid]), [0, 2, 1]);
  return toImage(layerNorm(part(module, "3"), tokens, { width: channels, epsilon: epsilons.imageChannels }));
}
