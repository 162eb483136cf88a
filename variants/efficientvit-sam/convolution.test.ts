import { expect, test } from "vitest";
import type { Checkpoint } from "../../harness/api.ts";
import { GraphBuilder } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { convolution } from "./convolution.ts";

const values: Readonly<Record<string, readonly number[]>> = {
  "layer.conv.weight": [6],
  "layer.norm.weight": [3],
  "layer.norm.bias": [0.5],
  "layer.norm.running_mean": [2],
  "layer.norm.running_var": [4e-6 - 1e-6],
};

test("a batch norm is a factor and a sum of each channel; 1e-6 joins the variance", () => {
  const take: Checkpoint["take"] = (name, dims) => ({ name, dims, read: () => Float32Array.from(values[name]!) });
  const graph = new GraphBuilder("test");
  const module = { graph, checkpoint: { ...seededCheckpoint(), take }, path: "layer" };
  convolution(module, graph.input("x", [1, 1, 2, 2]), { inputs: 1, outputs: 1 });
  const [kernels, bias] = graph.finish().constants.map((constant) => constant.read()[0] as number);
  // The square root of 4e-6 is 0.002.
  expect(kernels! / ((6 * 3) / 0.002)).toBeCloseTo(1, 6);
  expect(bias! / (0.5 - (2 * 3) / 0.002)).toBeCloseTo(1, 6);
});
