import { expect, test } from "vitest";
import type { OnnxGraph, Tensor } from "../api.ts";
import { runGraph } from "../onnx/fixtures/runGraph.ts";
import { GraphBuilder, multipliesInt8 } from "../onnx/index.ts";
import { random } from "../stats/random.ts";
import { convolutionsOf, convolutionsToInt8, type Int8Convolution } from "./int8Convolutions.ts";

interface Layer {
  readonly x: readonly number[];
  readonly kernels: readonly number[];
  readonly strides?: readonly number[];
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
  readonly group?: number;
}

const unit = { scale: 1, zeroPoint: 0 };

// 3 x 3 places of one channel, padded by one place on the left alone; the kernel takes a place and its left neighbour.
test("sums of a small convolution, worked out by hand", async () => {
  const layer = { x: [1, 1, 3, 3], kernels: [1, 1, 1, 2], pads: [0, 1, 0, 0] };
  const int8 = convolutionsToInt8(graphOf(layer, [-127, 2], [10]), () => ({
    activations: { scale: 1, zeroPoint: 5 },
    result: { scale: 1, zeroPoint: 128 },
  }));
  const x = [0, 1, 2, 3, 250, -5, -9, 300, 0];
  const { y } = await runGraph(int8, { x: { dims: layer.x, data: Float32Array.from(x) } });
  // Integers hold -5 … 250: -9 becomes -5, 300 becomes 250. Results hold -128 … 127.
  expect([...y!.data]).toEqual([10, 12, -113, 16, 127, -128, 0, 127, -128]);
});

test("places beyond the edge are zeros, whatever integer stands for zero", async () => {
  const layer = { x: [1, 1, 2, 2], kernels: [1, 1, 3, 3], pads: [1, 1, 1, 1] };
  const int8 = convolutionsToInt8(graphOf(layer, new Array(9).fill(127), [0]), () => ({
    activations: { scale: 1, zeroPoint: 200 },
    result: { scale: 127, zeroPoint: 200 },
  }));
  const { y } = await runGraph(int8, { x: { dims: layer.x, data: Float32Array.of(-7, 1, 2, 3) } });
  expect([...y!.data]).toEqual([-127, -127, -127, -127]);
});

test.each<[string, Layer]>([
  ["1 x 1", { x: [1, 8, 5, 7], kernels: [6, 8, 1, 1] }],
  ["3 x 3", { x: [1, 5, 6, 6], kernels: [7, 5, 3, 3], pads: [1, 1, 1, 1] }],
  ["3 x 3, stride 2", { x: [1, 4, 8, 9], kernels: [6, 4, 3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }],
  ["each channel by itself", { x: [1, 32, 6, 7], kernels: [32, 1, 3, 3], pads: [1, 1, 1, 1], group: 32 }],
  [
    "5 x 5 and stride 2, by channel",
    { x: [1, 16, 9, 9], kernels: [16, 1, 5, 5], pads: [2, 2, 2, 2], group: 16, strides: [2, 2] },
  ],
  ["in groups", { x: [1, 8, 5, 5], kernels: [12, 2, 3, 3], pads: [1, 1, 1, 1], group: 4 }],
  [
    "a large kernel, padded unevenly",
    { x: [1, 3, 16, 16], kernels: [4, 3, 7, 7], pads: [3, 2, 1, 3], strides: [4, 4] },
  ],
  ["dilated", { x: [1, 4, 9, 9], kernels: [4, 4, 3, 3], pads: [2, 2, 2, 2], dilations: [2, 2] }],
])("%s: as the float convolution of the rounded values, by channel, rounded", async (_, layer) => {
  // Scales are powers of two, so that the float convolution has no rounding of its own.
  const [outputs, ...rest] = layer.kernels as [number, ...number[]];
  const perChannel = rest.reduce((product, dim) => product * dim, 1);
  const draw = random(0, "int8 convolution", layer.kernels.join());
  const kernels = Array.from({ length: outputs }, (_each, channel) =>
    Array.from({ length: perChannel }, (_value, i) => {
      const step = i === 0 ? 127 : Math.floor(draw.next() * 255) - 127;
      return step * 2 ** (-4 - (channel % 3));
    }),
  ).flat();
  const bias = Array.from({ length: outputs }, (_each, channel) => (channel - 2) * 0.25);
  const how: Int8Convolution = {
    activations: { scale: 2 ** -5, zeroPoint: 97 },
    result: { scale: 2 ** -1, zeroPoint: 120 },
  };
  const count = layer.x.reduce((product, dim) => product * dim, 1);
  const rounded = Float32Array.from({ length: count }, () => (Math.floor(draw.next() * 256) - 97) * 2 ** -5);
  // A quarter of a step goes to the step again.
  const x: Tensor = { dims: layer.x, data: rounded.map((value, i) => value + ((i % 3) - 1) * 2 ** -7) };
  const float = graphOf(layer, kernels, bias);
  const int8 = convolutionsToInt8(float, () => how);
  expect(multipliesInt8(int8)).toBe(true);
  const found = (await runGraph(int8, { x })).y!;
  const exact = (await runGraph(float, { x: { dims: layer.x, data: rounded } })).y!;
  expect(found.dims).toEqual(exact.dims);
  for (const [i, value] of exact.data.entries()) {
    const steps = Math.min(Math.max(halfEven(value * 2) + 120, 0), 255) - 120;
    expect(Math.abs(found.data[i]! - steps / 2)).toBeLessThanOrEqual(1e-6);
  }
});

test("a channel of tiny weights keeps its bias", async () => {
  const layer = { x: [1, 1, 1, 1], kernels: [2, 1, 1, 1] };
  const int8 = convolutionsToInt8(graphOf(layer, [1e-12, 1], [100, -3]), () => ({
    activations: { scale: 1 / 64, zeroPoint: 0 },
    result: { scale: 1, zeroPoint: 100 },
  }));
  const { y } = await runGraph(int8, { x: { dims: layer.x, data: Float32Array.of(1) } });
  expect([...y!.data]).toEqual([100, -2]);
});

test("a value that two convolutions take is quantised once, and what is not chosen stays float", () => {
  const graph = new GraphBuilder("two");
  const x = graph.input("x", [1, 1, 4, 4]);
  const kernels = (name: string) => graph.constant(name, "float32", [1, 1, 1, 1], () => Float32Array.of(1));
  for (const name of ["a", "b", "c"])
    graph.output(`y${name}`, graph.op("Conv", [x, kernels(name)], { kernel_shape: [1, 1] }));
  const int8 = convolutionsToInt8(graph.finish(), ({ weight }) =>
    weight === "c" ? undefined : { activations: unit, result: unit },
  );
  const count = (operator: string) => int8.nodes.filter((node) => node.operator === operator).length;
  expect([count("QuantizeLinear"), count("QLinearConv"), count("Conv")]).toEqual([1, 2, 1]);
  expect(int8.constants.map(({ name }) => name)).toEqual(expect.arrayContaining(["c", "a.int8", "b.int8"]));
  expect(int8.constants.map(({ name }) => name)).not.toContain("a");
});

test("each convolution is listed with what it takes and gives, and none whose bias or sums have no integers", () => {
  const graph = new GraphBuilder("listed");
  const x = graph.input("x", [1, 2, 4, 4]);
  const ofDims = (name: string, dims: number[]) => graph.constant(name, "float32", dims, () => new Float32Array());
  const conv = (name: string, dims: number[], attributes = {}) =>
    graph.op("Conv", [x, ofDims(name, dims)], { kernel_shape: dims.slice(2), ...attributes });
  graph.output("gelu", graph.op("Gelu", [conv("a", [6, 2, 3, 3])]));
  graph.output("relu", graph.op("Relu", [conv("b", [4, 1, 1, 1], { group: 2 })]));
  const both = conv("c", [1, 2, 1, 1]);
  graph.output("both", graph.op("Add", [graph.op("Gelu", [both]), both]));
  const computed = graph.op("Neg", [ofDims("offset", [1])]);
  graph.output("computed", graph.op("Conv", [x, ofDims("d", [1, 2, 1, 1]), computed], { kernel_shape: [1, 1] }));
  const wide = graph.input("wide", [1, 40_000, 1, 1]);
  graph.output("long", graph.op("Conv", [wide, ofDims("e", [1, 40_000, 1, 1])], { kernel_shape: [1, 1] }));
  expect(convolutionsOf(graph.finish())).toEqual([
    { weight: "a", activations: "x", result: "Conv", groups: 1, macs: 24 * 18, elements: 32 + 24 },
    { weight: "b", activations: "x", result: "Conv_1", groups: 2, macs: 64, elements: 32 + 64 },
    { weight: "c", activations: "x", result: "Conv_2", groups: 1, macs: 32, elements: 32 + 16 },
  ]);
});

test("multiply-accumulates and parameters are those of the float graph", () => {
  const float = graphOf({ x: [1, 4, 5, 5], kernels: [6, 2, 3, 3], group: 2 }, [], []);
  const int8 = convolutionsToInt8(float, () => ({ activations: unit, result: unit }));
  const total = (graph: OnnxGraph) => [...graph.counts.macs().values()].reduce((sum, value) => sum + value, 0);
  expect(total(int8)).toBe(total(float));
  expect(int8.counts.parameters).toEqual(float.counts.parameters);
});

function graphOf(
  { x, kernels, group, ...attributes }: Layer,
  values: readonly number[],
  bias: readonly number[],
): OnnxGraph {
  const graph = new GraphBuilder("convolution");
  const weight = graph.constant("kernels", "float32", kernels, () => Float32Array.from(values));
  const offset = graph.constant("bias", "float32", [kernels[0]!], () => Float32Array.from(bias));
  const kernelShape = { kernel_shape: kernels.slice(2), group };
  graph.output("y", graph.op("Conv", [graph.input("x", x), weight, offset], { ...kernelShape, ...attributes }));
  return graph.finish();
}

function halfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
