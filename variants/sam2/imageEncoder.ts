import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  conv2d,
  GraphBuilder,
  layerNorm,
  type Module,
  product,
  reshape,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { projectionBias } from "../sam/attention.ts";
import { blockEnd } from "../sam/blockEnd.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import type { EncoderOutputs } from "../sam2-neck/outputs.ts";
import { highResolutionMaps } from "../sam2-neck/weights.ts";
import { hieraAttention, pooled } from "./attention.ts";
import { blocksOf, coarsestGrid, gridOf, type HieraBlock, patchStride } from "./blocks.ts";
import type { Sam2Config } from "./config.ts";
import { highResolution, imageEmbedding, toImage } from "./neck.ts";
import { positions } from "./positions.ts";
import { isRun, nestedOrder } from "./tokenOrder.ts";

const defaults = {
  /** The widest values of a part of the image, the hidden ones of an MLP, are kept to so many bytes. */
  hiddenBytes: 32 * 2 ** 20,
};

/**
 * Builds SAM 2's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid],
 * with the vector that stands for "no memory" in it, and the high-resolution maps `high_res_features.0` [1, embedding / 8,
 * 4 grid, 4 grid] and `.1` [1, embedding / 4, 2 grid, 2 grid], after the mask decoder's convolutions, which run once an image.
 * Until the first block whose windows are not runs of nested tokens no block sees beyond its cells, so the fine stages are
 * computed for some cells at a time: their hidden values alone would be several times the rest of the model.
 * Source: sam2/modeling/backbones/hieradet.py; ./reference.ts has it operator for operator.
 */
export function imageEncoder(
  config: Sam2Config,
  checkpoint: Checkpoint,
  outputs: EncoderOutputs,
  hiddenBytes = defaults.hiddenBytes,
): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const root: Module = { graph, checkpoint, path: "" };
  const trunk = child(root, "image_encoder.trunk");
  const coarsest = coarsestGrid(config);
  const blocks = blocksOf(config);
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const firstFar = blocks.findIndex(({ window, inputGrid }) => !isRun(window, inputGrid, coarsest));
  const near = blocks.slice(0, firstFar);
  const parts = partsOf(patches(trunk, image, config), trunk, config, hiddenBytes).map((part) =>
    blockByBlock(trunk, part, near, coarsest),
  );
  const joined = concatenated(
    trunk,
    parts.map(({ tokens }) => tokens),
  );
  const far = blockByBlock(trunk, joined, blocks.slice(firstFar), coarsest);
  const endOf = (stage: number) =>
    far.ends.has(stage) ? [far.ends.get(stage)!] : parts.map(({ ends }) => ends.get(stage)!);
  addOutputs(root, config, endOf, outputs);
  return graph.finish();
}

/** Returns the nested tokens at the end of a stage, in parts where all of it is computed so. */
type StageEnds = (stage: number) => readonly GraphValue[];

/** Adds what the encoder gives of the ends of its stages. */
export function addOutputs(root: Module, config: Sam2Config, endOf: StageEnds, outputs: EncoderOutputs): void {
  const { graph } = root;
  const trunk = child(root, "image_encoder.trunk");
  const coarsest = coarsestGrid(config);
  const { embedding: channels } = config.decoder;
  const fine = concatenated(trunk, endOf(2));
  const coarse = concatenated(trunk, endOf(3));
  graph.output("image_embedding", imageEmbedding(root, { fine, coarse, channels, coarsest }));
  for (const [stage, how] of highResolutionMaps(channels).entries()) {
    const tokens = endOf(stage).map((part) => highResolution(root, part, how));
    graph.output(`high_res_features.${stage}`, toImage(root, concatenated(root, tokens), coarsest));
  }
  if (outputs === "embeddings and stages")
    for (const stage of config.depths.keys())
      graph.output(`trunk_stages.${stage}`, toImage(trunk, concatenated(trunk, endOf(stage)), coarsest));
}

/** Turns the image into patches with their positions, row by row: [1, grid², width]. */
export function patches(trunk: Module, image: GraphValue, config: Sam2Config): GraphValue {
  const { graph } = trunk;
  const { width } = config;
  const grid = gridOf(config, 0);
  const how = { inputs: 3, outputs: width, kernel: 7, stride: patchStride, padding: 3, bias: "with bias" } as const;
  const placed = add(graph, conv2d(child(trunk, "patch_embed.proj"), image, how), positions(trunk, config));
  return transpose(graph, reshape(graph, placed, [1, width, grid * grid]), [0, 2, 1]);
}

/** Returns the nested tokens of some cells at a time, [cells, tokens in each, width]. */
function partsOf(
  tokens: GraphValue,
  { graph }: Module,
  config: Sam2Config,
  hiddenBytes: number,
): readonly GraphValue[] {
  const { width } = config;
  const coarsest = coarsestGrid(config);
  const order = nestedOrder(gridOf(config, 0), coarsest);
  const cells = coarsest ** 2;
  const inEach = order.length / cells;
  const bytesACell = inEach * 4 * width * Float32Array.BYTES_PER_ELEMENT;
  const atATime = largestDivisor(cells, hiddenBytes / bytesACell);
  return Array.from({ length: cells / atATime }, (_, i) => {
    const own = order.slice(i * atATime * inEach, (i + 1) * atATime * inEach);
    return reshape(graph, graph.op("Gather", [tokens, graph.ints(own)], { axis: 1 }), [atATime, inEach, width]);
  });
}

/** Returns the largest divisor of `whole` that is at most `limit`, or 1. */
function largestDivisor(whole: number, limit: number): number {
  for (let divisor = Math.floor(Math.min(whole, limit)); divisor > 1; divisor--)
    if (whole % divisor === 0) return divisor;
  return 1;
}

interface Computed {
  /** Tokens after the last block. */
  readonly tokens: GraphValue;
  /** Tokens at the end of each stage that ends here, by the stage's number. */
  readonly ends: ReadonlyMap<number, GraphValue>;
}

function blockByBlock(trunk: Module, start: GraphValue, blocks: readonly HieraBlock[], coarsest: number): Computed {
  const ends = new Map<number, GraphValue>();
  let tokens = start;
  for (const block of blocks) {
    tokens = hieraBlock(child(trunk, `blocks.${block.index}`), tokens, block, (attn, normalised) =>
      hieraAttention(attn, normalised, block, coarsest),
    );
    if (block.last) ends.set(block.stage, tokens);
  }
  return { tokens, ends };
}

/**
 * Adds one transformer block on the nested tokens that `attend` works on. Where it begins a stage, the stream is projected and
 * pooled after the norm.
 */
export function hieraBlock(
  module: Module,
  x: GraphValue,
  block: HieraBlock,
  attend: (attn: Module, normalised: GraphValue) => GraphValue,
): GraphValue {
  const { graph } = module;
  const { width, inputWidth, pools } = block;
  return graph.within(module.path, () => {
    const normalised = layerNorm(child(module, "norm1"), x, { width: inputWidth, epsilon: epsilons.vit });
    const attn = child(module, "attn");
    const attended = attend(attn, normalised);
    const stream = pools ? shortcut(child(module, "proj"), normalised, block) : x;
    const layers = ["layers.0", "layers.1"] as const;
    return blockEnd(module, { attended, stream, projectionBias: projectionBias(attn, width), width, layers });
  });
}

/** The bias is added after pooling, to a quarter of the tokens: the largest is the same one. */
function shortcut(projection: Module, x: GraphValue, block: HieraBlock): GraphValue {
  const wide = product(projection, x, { inputs: block.inputWidth, outputs: block.width });
  return add(projection.graph, pooled(projection, wide, block), weight(projection, "bias", [block.width]));
}

/** Joins parts of the cells. */
function concatenated({ graph }: Module, parts: readonly GraphValue[]): GraphValue {
  return parts.length === 1 ? parts[0]! : concat(graph, parts, 0);
}
