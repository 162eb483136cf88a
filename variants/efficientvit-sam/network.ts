import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { add, child, concat, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import type { EfficientVitSamConfig, Stage } from "./config.ts";
import { bareConvolution, convolution } from "./convolution.ts";

/** Each head's query, key and value have so many channels. */
export const headWidth = 32;

/** The measured and the published graph differ in these operators alone. */
export interface Operators {
  /** Computes GELU in its tanh form. */
  gelu(graph: GraphBuilder, x: GraphValue): GraphValue;
  /**
   * Lets each place attend to all others: [1, heads · 3 · headWidth, rows, columns], each head's query, key and value side by
   * side, → [1, heads · headWidth, rows, columns].
   */
  attend(graph: GraphBuilder, queriesKeysValues: GraphValue): GraphValue;
  /** Brings maps [1, channels, n, n], the coarsest first, to the grid of the last one by bicubic interpolation, and sums them. */
  sumOnGrid(graph: GraphBuilder, maps: readonly GraphValue[]): GraphValue;
  /** Normalises over the channels of [1, channels, rows, columns]. */
  normalise(module: Module, x: GraphValue, channels: number): GraphValue;
}

/**
 * Builds EfficientViT-SAM's image encoder: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * Source: efficientvit/models/efficientvit/backbone.py and sam.py, efficientvit/models/nn/ops.py.
 */
export function network(config: EfficientVitSamConfig, checkpoint: Checkpoint, operators: Operators): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const maps = backbone(child(encoder, "backbone"), image, config, operators);
  const mixed = neck(child(encoder, "neck"), maps, config, operators);
  const { embedding } = config.decoder;
  graph.output("image_embedding", operators.normalise(child(encoder, "norm"), mixed, embedding));
  return graph.finish();
}

/** Returns the map of each stage, the finest first. */
function backbone(
  module: Module,
  image: GraphValue,
  { stages }: EfficientVitSamConfig,
  operators: Operators,
): readonly GraphValue[] {
  let x = image;
  let inputs = 3;
  return stages.map((stage, index) => {
    const place = (i: number) => child(module, `stages.${index}.op_list.${i}`);
    const end = index >= stages.length - stagesOfFewerNorms ? "bias" : "batch norm";
    const half = { inputs, outputs: stage.width, stride: 2 };
    x =
      index === 0
        ? operators.gelu(module.graph, convolution(place(0), x, { ...half, kernel: 3 }))
        : halved(child(place(0), "main"), x, { ...half, hidden: 4 * stage.expansion * inputs, end }, stage, operators);
    for (let i = 1; i <= stage.depth; i++)
      x = module.graph.within(place(i).path, () => block(place(i), x, stage, end, operators));
    inputs = stage.width;
    return x;
  });
}

/** The last stages have batch norms behind their blocks' last convolutions alone; the others carry biases. */
const stagesOfFewerNorms = 2;

interface Widths {
  readonly inputs: number;
  readonly outputs: number;
  readonly hidden: number;
  readonly stride?: number;
}

interface Inverted extends Widths {
  /** Says what the convolutions before the last one have behind their products. */
  readonly end: "batch norm" | "bias";
}

/** Halves rows and columns, and brings the map to the stage's width. Stages that attend do it as `mb` stages do. */
function halved(main: Module, x: GraphValue, widths: Inverted, { block }: Stage, operators: Operators): GraphValue {
  return block === "fmb" ? fusedInverted(main, x, widths, operators) : inverted(main, x, widths, operators);
}

/** Adds one block: [1, width, rows, columns] → the same. */
function block(module: Module, x: GraphValue, stage: Stage, end: Inverted["end"], operators: Operators): GraphValue {
  const { graph } = module;
  const { width, expansion } = stage;
  const widths = { inputs: width, outputs: width, hidden: expansion * width, end };
  if (stage.block === "att") {
    const attended = attention(child(module, "context_module.main"), x, stage, operators);
    const sum = add(graph, attended, x);
    return add(graph, inverted(child(module, "local_module.main"), sum, widths, operators), sum);
  }
  const branches = { res: residual, fmb: fusedInverted, mb: inverted } as const;
  return add(graph, branches[stage.block](child(module, "main"), x, widths, operators), x);
}

function residual(main: Module, x: GraphValue, { inputs, outputs }: Widths, { gelu }: Operators): GraphValue {
  const by3 = { inputs, outputs, kernel: 3 };
  return convolution(child(main, "conv2"), gelu(main.graph, convolution(child(main, "conv1"), x, by3)), by3);
}

function fusedInverted(
  main: Module,
  x: GraphValue,
  { inputs, outputs, hidden, stride }: Widths,
  { gelu }: Operators,
): GraphValue {
  const by3 = { inputs, outputs: hidden, kernel: 3, stride };
  const widened = gelu(main.graph, convolution(child(main, "spatial_conv"), x, by3));
  return convolution(child(main, "point_conv"), widened, { inputs: hidden, outputs });
}

function inverted(
  main: Module,
  x: GraphValue,
  { inputs, outputs, hidden, stride, end }: Inverted,
  { gelu }: Operators,
): GraphValue {
  const { graph } = main;
  const widened = gelu(graph, convolution(child(main, "inverted_conv"), x, { inputs, outputs: hidden, end }));
  const by3 = { inputs: hidden, outputs: hidden, kernel: 3, stride, groups: hidden, end };
  const mixed = gelu(graph, convolution(child(main, "depth_conv"), widened, by3));
  return convolution(child(main, "point_conv"), mixed, { inputs: hidden, outputs });
}

/**
 * Attends at two scales: the queries, keys and values of the second one are sums of the first one's over a neighbourhood, and
 * its heads follow the first one's.
 */
function attention(main: Module, x: GraphValue, { width, scale }: Stage, operators: Operators): GraphValue {
  const { graph } = main;
  const joint = 3 * width;
  const first = convolution(child(main, "qkv"), x, { inputs: width, outputs: joint, end: "nothing" });
  const around = { inputs: joint, outputs: joint, kernel: scale!, groups: joint };
  const gathered = bareConvolution(child(main, "aggreg.0.0"), first, around);
  const within = { inputs: joint, outputs: joint, groups: joint / headWidth };
  const second = bareConvolution(child(main, "aggreg.0.1"), gathered, within);
  const attended = operators.attend(graph, concat(graph, [first, second], 1));
  return convolution(child(main, "proj"), attended, { inputs: 2 * width, outputs: width });
}

/** Number of stages whose maps the neck takes. */
const joinedStages = 3;

/** Joins the maps of the last stages on the finest one's grid: [1, embedding, grid, grid]. */
function neck(
  module: Module,
  maps: readonly GraphValue[],
  { stages, decoder, neck: { depth, expansion } }: EfficientVitSamConfig,
  operators: Operators,
): GraphValue {
  const { graph } = module;
  const { embedding } = decoder;
  // The authors' list begins with the coarsest map.
  const coarsestFirst = maps.slice(-joinedStages).toReversed();
  const narrow = coarsestFirst.map((map, i) => {
    const { width } = stages[stages.length - 1 - i]!;
    return convolution(child(module, `input_ops.${i}.op_list.0`), map, { inputs: width, outputs: embedding });
  });
  let x = operators.sumOnGrid(graph, narrow);
  const widths = { inputs: embedding, outputs: embedding, hidden: expansion * embedding };
  for (let i = 0; i < depth; i++)
    x = add(graph, fusedInverted(child(module, `middle.op_list.${i}.main`), x, widths, operators), x);
  const last = { inputs: embedding, outputs: embedding, end: "bias" } as const;
  return convolution(child(module, "output_ops.0.op_list.0"), x, last);
}
