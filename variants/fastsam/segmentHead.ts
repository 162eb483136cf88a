import type { GraphValue } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  conv2d,
  type GraphBuilder,
  type Module,
  mul,
  softmax,
  split,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { bins, type FastSamConfig, prototypes, strides } from "./config.ts";
import type { Convolution } from "./convolution.ts";

interface HeadOutputs {
  readonly boxes: GraphValue;
  readonly scores: GraphValue;
  readonly coefficients: GraphValue;
  readonly prototypes: GraphValue;
}

/**
 * Adds the head: it gives a box, a score and 32 mask coefficients for each cell of the three maps, and the prototypes that
 * coefficients blend.
 * Source: Segment and Detect of ultralytics/nn/modules/head.py.
 */
export function segmentHead(
  module: Module,
  maps: readonly GraphValue[],
  { channels, side, prototypeWidth }: FastSamConfig,
  convolution: Convolution,
): HeadOutputs {
  const { graph } = module;
  const narrowest = channels[2];
  const branch = (name: string, width: number, outputs: number) =>
    concat(
      graph,
      maps.map((map, level) =>
        cells(child(module, `${name}.${level}`), map, { inputs: channels[level + 2]!, width, outputs }, convolution),
      ),
      2,
    );
  const distances = branch("cv2", Math.max(narrowest / 4, 4 * bins), 4 * bins);
  const logits = branch("cv3", narrowest, 1);
  const coefficients = branch("cv4", Math.max(narrowest / 4, prototypes), prototypes);
  return {
    boxes: boxes(module, distances, anchors(module, maps, side)),
    scores: graph.op("Sigmoid", [logits]),
    coefficients,
    prototypes: prototypeMaps(
      child(module, "proto"),
      maps[0]!,
      { inputs: narrowest, width: prototypeWidth },
      convolution,
    ),
  };
}

interface Branch {
  readonly inputs: number;
  readonly width: number;
  readonly outputs: number;
}

/** Adds two 3 x 3 convolutions and a plain 1 x 1 convolution: [1, outputs, cells]. */
function cells(
  module: Module,
  x: GraphValue,
  { inputs, width, outputs }: Branch,
  convolution: Convolution,
): GraphValue {
  const { graph } = module;
  return graph.within(module.path, () => {
    const first = convolution(child(module, "0"), x, { inputs, outputs: width, kernel: 3 });
    const second = convolution(child(module, "1"), first, { inputs: width, outputs: width, kernel: 3 });
    const last = conv2d(child(module, "2"), second, { inputs: width, outputs, kernel: 1, bias: "with bias" });
    return graph.op("Reshape", [last, graph.ints([1, outputs, -1])]);
  });
}

/**
 * Turns distances into boxes, given by centre and size in model pixels. The distances lead from a cell's centre to the left,
 * upper, right and lower side; each is the mean of a distribution over 16 bins.
 */
function boxes(module: Module, distributions: GraphValue, { centres, strides: scale }: Anchors): GraphValue {
  const { graph } = module;
  const reshaped = (x: GraphValue, dims: readonly number[]) => graph.op("Reshape", [x, graph.ints(dims)]);
  return graph.within(`${module.path}.dfl`, () => {
    const byBin = transpose(graph, reshaped(distributions, [1, 4, bins, -1]), [0, 2, 1, 3]);
    const means = conv2d(child(module, "dfl.conv"), softmax(graph, byBin, 1), {
      inputs: bins,
      outputs: 1,
      kernel: 1,
      bias: "without bias",
    });
    const [near, far] = split(graph, reshaped(means, [1, 4, -1]), 1, [2, 2]) as [GraphValue, GraphValue];
    const start = graph.op("Sub", [centres, near]);
    const end = add(graph, centres, far);
    const middle = mul(graph, add(graph, start, end), graph.number(0.5));
    return mul(graph, concat(graph, [middle, graph.op("Sub", [end, start])], 1), scale);
  });
}

interface Anchors {
  /** Centre of each cell, in cells: [1, 2, cells]. */
  readonly centres: GraphValue;
  /** [1, 1, cells] */
  readonly strides: GraphValue;
}

/**
 * Returns centres and strides cell by cell, map after map. Each map takes the corner of its size out of the anchors that a
 * square image of `side` would have.
 */
function anchors({ graph }: Module, maps: readonly GraphValue[], side: number): Anchors {
  const levels = maps.map((map, level) => {
    const [, , rows, columns] = map.dims as [number, number, number, number];
    const size = graph.op("Slice", [graph.op("Shape", [map]), ...[2, 4, 0].map((value) => graph.ints([value]))]);
    const whole = squareOfAnchors(graph, strides[level]!, side);
    const bounds = [graph.ints([0, 0]), size, graph.ints([2, 3])];
    const corner = graph.op("Slice", [whole, ...bounds], {}, { vouched: [1, 3, rows, columns] });
    return graph.op("Reshape", [corner, graph.ints([1, 3, -1])]);
  });
  const [centres, scale] = split(graph, concat(graph, levels, 2), 1, [2, 1]) as [GraphValue, GraphValue];
  return { centres, strides: scale };
}

/** Returns x and y of each cell's centre, and its stride: [1, 3, rows, columns]. */
function squareOfAnchors(graph: GraphBuilder, stride: number, side: number): GraphValue {
  const grid = side / stride;
  const cells = Array.from({ length: grid * grid }, (_, i) => i);
  return graph.constant(`anchors.${stride}`, "float32", [1, 3, grid, grid], () =>
    Float32Array.from([
      ...cells.map((i) => (i % grid) + 0.5),
      ...cells.map((i) => Math.floor(i / grid) + 0.5),
      ...cells.map(() => stride),
    ]),
  );
}

/** Makes the prototypes from the finest map; they have twice its rows and columns. */
function prototypeMaps(
  module: Module,
  x: GraphValue,
  { inputs, width }: { readonly inputs: number; readonly width: number },
  convolution: Convolution,
): GraphValue {
  const { graph } = module;
  return graph.within(module.path, () => {
    const first = convolution(child(module, "cv1"), x, { inputs, outputs: width, kernel: 3 });
    const upsample = child(module, "upsample");
    const weights = [weight(upsample, "weight", [width, width, 2, 2]), weight(upsample, "bias", [width])];
    const doubled = graph.op("ConvTranspose", [first, ...weights], { kernel_shape: [2, 2], strides: [2, 2] });
    const second = convolution(child(module, "cv2"), doubled, { inputs: width, outputs: width, kernel: 3 });
    return convolution(child(module, "cv3"), second, { inputs: width, outputs: prototypes, kernel: 1 });
  });
}
