import { expect, test } from "vitest";
import type { Checkpoint } from "../../harness/api.ts";
import { GraphBuilder } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { normalisedConvolution } from "./normalisedConvolution.ts";

function checkpointOf(values: Readonly<Record<string, readonly number[]>>): Checkpoint {
  const take: Checkpoint["take"] = (name, dims) => ({ name, dims, read: () => Float32Array.from(values[name]!) });
  return { ...seededCheckpoint(), take };
}

test("a batch norm is a factor and a sum of each output channel; 1e-5 joins the variance", () => {
  const checkpoint = checkpointOf({
    "layer.c.weight": [1, 2, 3, 4],
    "layer.bn.weight": [2, 10],
    "layer.bn.bias": [0.5, -1],
    "layer.bn.running_mean": [4, 0.001],
    "layer.bn.running_var": [0.24999, 0],
  });
  const graph = new GraphBuilder("test");
  const image = graph.input("image", [1, 2, 8, 8]);
  normalisedConvolution({ graph, checkpoint, path: "layer" }, image, { inputs: 2, outputs: 2 });
  const [kernels, bias] = graph.finish().constants.map((constant) => [...(constant.read() as Float32Array)]);
  const zero = 10 / Math.sqrt(1e-5);
  for (const [i, value] of [4, 8, 3 * zero, 4 * zero].entries()) expect(kernels![i]! / value).toBeCloseTo(1, 6);
  for (const [i, value] of [0.5 - 16, -1 - 0.001 * zero].entries()) expect(bias![i]! / value).toBeCloseTo(1, 6);
});
