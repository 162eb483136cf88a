import { describe, expect, test } from "vitest";
import type { Dim, GraphValue, Tensor } from "../api.ts";
import { seededCheckpoint, seededTensor } from "../weights/index.ts";
import { runGraph, wave } from "./fixtures/runGraph.ts";
import { GraphBuilder } from "./graph.ts";
import {
  addAndNorm,
  child,
  concat,
  conv2d,
  gelu,
  layerNorm,
  linear,
  type Module,
  product,
  reshape,
  slice,
  softmax,
  split,
  tanhGelu,
  transpose,
  weight,
} from "./layers.ts";

/** Builds with one input `x`, runs it, and gives back the outputs in order. */
async function run(
  x: Tensor,
  build: (module: Module, x: GraphValue) => readonly GraphValue[],
  dims: readonly Dim[] = x.dims,
): Promise<Tensor[]> {
  const graph = new GraphBuilder("layer");
  const outputs = build({ graph, checkpoint: seededCheckpoint(), path: "block" }, graph.input("x", dims));
  for (const [i, output] of outputs.entries()) graph.output(`y${i}`, output);
  const results = await runGraph(graph.finish(), { x });
  return outputs.map((_, i) => results[`y${i}`]!);
}

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  const error = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
  // float32 sums of at most some dozen terms of order 1
  expect(error).toBeLessThan(2e-6);
}

/** Rows of `width` values, each through `each`. */
function byRow(
  values: ArrayLike<number>,
  width: number,
  each: (row: readonly number[]) => readonly number[],
): number[] {
  const all = Array.from(values);
  return Array.from({ length: all.length / width }, (_, i) => each(all.slice(i * width, (i + 1) * width))).flat();
}

function matrixTimes(row: readonly number[], matrix: Float32Array): number[] {
  const outputs = matrix.length / row.length;
  return Array.from({ length: outputs }, (_, i) =>
    row.reduce((sum, value, j) => sum + value * matrix[i * row.length + j]!, 0),
  );
}

function normalised(row: readonly number[], name: string, epsilon: number): number[] {
  const scale = seededTensor(`${name}.weight`, [row.length]);
  const shift = seededTensor(`${name}.bias`, [row.length]);
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return row.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * scale[i]! + shift[i]!);
}

test("linear is x W^T + b on PyTorch's own weight", async () => {
  const x = wave([2, 3, 8]);
  const [y] = await run(x, (module, input) => [linear(child(module, "lin"), input, { inputs: 8, outputs: 5 })]);
  const matrix = seededTensor("block.lin.weight", [5, 8]);
  const bias = seededTensor("block.lin.bias", [5]);
  expect(y!.dims).toEqual([2, 3, 5]);
  expectClose(
    y!.data,
    byRow(x.data, 8, (row) => matrixTimes(row, matrix).map((value, i) => value + bias[i]!)),
  );
});

test("a product is a linear layer without its bias, and takes none from the checkpoint", async () => {
  const x = wave([4, 8]);
  const [y] = await run(x, (module, input) => [product(child(module, "lin"), input, { inputs: 8, outputs: 5 })]);
  expectClose(
    y!.data,
    byRow(x.data, 8, (row) => matrixTimes(row, seededTensor("block.lin.weight", [5, 8]))),
  );
});

// Rows of values near 0.001, so that an epsilon of another size shows: variances are about 5e-7.
test.each([1e-6, 1e-5])("layerNorm normalises the last axis with epsilon %s", async (epsilon) => {
  const ones = wave([3, 8]);
  const x = { dims: ones.dims, data: ones.data.map((value) => value * 1e-3) };
  const [y] = await run(x, (module, input) => [layerNorm(child(module, "norm"), input, { width: 8, epsilon })]);
  expectClose(
    y!.data,
    byRow(x.data, 8, (row) => normalised(row, "block.norm", epsilon)),
  );
});

test("addAndNorm gives the normalised sum of branch, bias and stream, and the sum", async () => {
  const x = wave([1, 3, 8]);
  const [y, sum] = await run(x, (module, input) => {
    const branch = product(child(module, "proj"), input, { inputs: 8, outputs: 8 });
    const bias = weight(module, "proj.bias", [8]);
    return addAndNorm(child(module, "norm"), branch, input, { width: 8, epsilon: 1e-6, bias });
  });
  const matrix = seededTensor("block.proj.weight", [8, 8]);
  const bias = seededTensor("block.proj.bias", [8]);
  const expected = byRow(x.data, 8, (row) => matrixTimes(row, matrix).map((value, i) => value + bias[i]! + row[i]!));
  expectClose(sum!.data, expected);
  expectClose(
    y!.data,
    byRow(expected, 8, (row) => normalised(row, "block.norm", 1e-6)),
  );
});

describe("conv2d is PyTorch's convolution", () => {
  test.each([
    { title: "patches", inputs: 3, outputs: 5, kernel: 2, stride: 2, bias: "with bias" },
    { title: "padding", inputs: 2, outputs: 3, kernel: 3, padding: 1, bias: "without bias" },
    { title: "strides with padding", inputs: 2, outputs: 2, kernel: 3, padding: 1, stride: 2, bias: "with bias" },
    { title: "depth-wise", inputs: 4, outputs: 4, kernel: 3, padding: 1, groups: 4, bias: "with bias" },
    { title: "groups", inputs: 4, outputs: 6, kernel: 1, groups: 2, bias: "with bias" },
  ] as const)("$title", async ({ title, ...how }) => {
    const x = wave([2, how.inputs, 6, 8]);
    const [y] = await run(x, (module, input) => [conv2d(child(module, "conv"), input, how)]);
    const { dims, data } = convolved(x, how);
    expect(y!.dims).toEqual(dims);
    expectClose(y!.data, data);
  });
});

test("gelu is the error-function form, not the tanh approximation", async () => {
  const x = { dims: [7], data: Float32Array.of(-3, -1, -0.5, 0, 0.5, 1, 3) };
  const [y] = await run(x, ({ graph }, input) => [gelu(graph, input)]);
  // x Φ(x), with Φ from tables of the normal distribution; the tanh form is off by 4e-4 at 3.
  const phi = [0.0013498980316301, 0.158655253931457, 0.308537538725987, 0.5];
  const cumulative = [
    ...phi,
    ...phi
      .slice(0, 3)
      .reverse()
      .map((value) => 1 - value),
  ];
  expectClose(
    y!.data,
    cumulative.map((value, i) => value * x.data[i]!),
  );
});

test("tanhGelu is the tanh approximation, not the error-function form", async () => {
  const x = wave([40]);
  const [y] = await run(x, ({ graph }, input) => [tanhGelu(graph, input)]);
  const form = (value: number) =>
    0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));
  expectClose(y!.data, Array.from(x.data, form));
});

test("softmax sums to one along its axis", async () => {
  const [rows, columns] = await run(wave([3, 4]), ({ graph }, x) => [softmax(graph, x), softmax(graph, x, 0)]);
  expectClose(
    Float32Array.from(byRow(rows!.data, 4, (row) => [row.reduce((sum, value) => sum + value, 0)])),
    [1, 1, 1],
  );
  const columnSums = [0, 1, 2, 3].map((i) => columns!.data[i]! + columns!.data[4 + i]! + columns!.data[8 + i]!);
  expectClose(Float32Array.from(columnSums), [1, 1, 1, 1]);
});

test("values are moved, not changed: reshape, transpose, slice, split, concat", async () => {
  const x = { dims: [2, 3, 4], data: Float32Array.from({ length: 24 }, (_, i) => i) };
  const [turned, middle, swapped] = await run(
    x,
    ({ graph }, input) => {
      const [first, rest] = split(graph, input, 1, [1, 2]);
      const flat = reshape(graph, input, ["prompts", 12]);
      return [transpose(graph, flat, [1, 0]), slice(graph, input, 2, 1, 3), concat(graph, [rest!, first!], 1)];
    },
    ["prompts", 3, 4],
  );
  expect([...turned!.data.slice(0, 6)]).toEqual([0, 12, 1, 13, 2, 14]);
  expect([...middle!.data.slice(0, 6)]).toEqual([1, 2, 5, 6, 9, 10]);
  expect([...swapped!.data.slice(0, 12)]).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3]);
});

test("a reshape that would give another shape than asked is refused", () => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", ["prompts", "points", 8]);
  expect(() => reshape(graph, x, ["prompts", "tokens", 8])).toThrow("instead of [prompts,tokens,8]");
  expect(() => reshape(graph, x, ["prompts", "points", 9])).toThrow();
});

interface Convolution {
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
  readonly bias: string;
}

function convolved(x: Tensor, { outputs, kernel, stride = 1, padding = 0, groups = 1, bias }: Convolution) {
  const [batch, inputs, rows, columns] = x.dims as [number, number, number, number];
  const perGroup = inputs / groups;
  const kernels = seededTensor("block.conv.weight", [outputs, perGroup, kernel, kernel]);
  const shifts = bias === "with bias" ? seededTensor("block.conv.bias", [outputs]) : new Float32Array(outputs);
  const pixel = (n: number, c: number, row: number, column: number) =>
    row < 0 || column < 0 || row >= rows || column >= columns
      ? 0
      : x.data[((n * inputs + c) * rows + row) * columns + column]!;
  const steps = (side: number) => Math.floor((side + 2 * padding - kernel) / stride) + 1;
  const dims = [batch, outputs, steps(rows), steps(columns)];
  const data: number[] = [];
  for (let n = 0; n < batch; n++)
    for (let output = 0; output < outputs; output++)
      for (let row = 0; row < dims[2]!; row++)
        for (let column = 0; column < dims[3]!; column++) {
          let sum = shifts[output]!;
          for (let c = 0; c < perGroup; c++)
            for (let i = 0; i < kernel; i++)
              for (let j = 0; j < kernel; j++) {
                const channel = Math.floor(output / (outputs / groups)) * perGroup + c;
                const value = pixel(n, channel, row * stride - padding + i, column * stride - padding + j);
                sum += value * kernels[((output * perGroup + c) * kernel + i) * kernel + j]!;
              }
          data.push(sum);
        }
  return { dims, data };
}
