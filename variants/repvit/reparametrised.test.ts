import { expect, test } from "vitest";
import type { Checkpoint } from "../../harness/api.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import type { Branches } from "./config.ts";
import { fusedLayers, type RepVitLayers, referenceLayers } from "./layers.ts";

function checkpointOf(values: Readonly<Record<string, readonly number[]>>): Checkpoint {
  const take: Checkpoint["take"] = (name, dims) => ({ name, dims, read: () => Float32Array.from(values[name]!) });
  return { ...seededCheckpoint(), take };
}

function mixOf(layers: RepVitLayers, checkpoint: Checkpoint, width: number, branches: Branches) {
  const graph = new GraphBuilder("test");
  const x = graph.input("x", [1, width, 5, 4]);
  graph.output("y", layers.mix({ graph, checkpoint, path: "mixer" }, x, { width, branches }));
  return graph.finish();
}

/** Returns kernels and bias of the one convolution. */
function folded(checkpoint: Checkpoint, branches: Branches): readonly (readonly number[])[] {
  const { nodes, constants } = mixOf(fusedLayers, checkpoint, 1, branches);
  expect(nodes.map(({ operator }) => operator)).toEqual(["Conv", "Identity"]);
  return constants.map((constant) => [...(constant.read() as Float32Array)]);
}

function normOf(path: string, [weight, bias, mean, variance]: readonly [number, number, number, number]) {
  return {
    [`${path}.weight`]: [weight],
    [`${path}.bias`]: [bias],
    [`${path}.running_mean`]: [mean],
    [`${path}.running_var`]: [variance],
  };
}

const by3 = [1, 2, 3, 4, 5, 6, 7, 8, 9];

test("a 1 x 1 branch with its batch norm and the input itself add to the middle of the 3 x 3 kernel", () => {
  const checkpoint = checkpointOf({
    "mixer.conv.c.weight": by3,
    // 0.24999 + 1e-5 = 0.25, so this norm is 4 x + 1.
    ...normOf("mixer.conv.bn", [2, 3, 0.5, 0.24999]),
    "mixer.conv1.c.weight": [10],
    // Without the 1e-5 this would be infinite; with it, it is 2 x + 0.3.
    ...normOf("mixer.conv1.bn", [2 * Math.sqrt(1e-5), 0.5, 0.1, 0]),
  });
  const [kernels, bias] = folded(checkpoint, "norm in each branch");
  const expected = by3.map((value, i) => 4 * value + (i === 4 ? 2 * 10 + 1 : 0));
  for (const [i, value] of expected.entries()) expect(kernels![i]).toBeCloseTo(value, 4);
  expect(bias![0]).toBeCloseTo(1 + 0.3, 5);
});

test("a batch norm on the sum scales all branches and their biases", () => {
  const checkpoint = checkpointOf({
    "mixer.conv.c.weight": by3,
    ...normOf("mixer.conv.bn", [2, 3, 0.5, 0.24999]),
    "mixer.conv1.weight": [10],
    "mixer.conv1.bias": [0.25],
    // (x - 1) 0.5 + 7
    ...normOf("mixer.bn", [0.5 * Math.sqrt(1e-5), 7, 1, 0]),
  });
  const [kernels, bias] = folded(checkpoint, "norm on the sum");
  const expected = by3.map((value, i) => 0.5 * (4 * value + (i === 4 ? 10 + 1 : 0)));
  for (const [i, value] of expected.entries()) expect(kernels![i]).toBeCloseTo(value, 4);
  expect(bias![0]).toBeCloseTo(0.5 * (1 + 0.25 - 1) + 7, 5);
});

test.each<Branches>(["norm in each branch", "norm on the sum"])(
  "one convolution gives what the branches give apart, edges included: %s",
  async (branches) => {
    const x = wave([1, 6, 5, 4]);
    const graphs = [fusedLayers, referenceLayers].map((layers) => mixOf(layers, seededCheckpoint(), 6, branches));
    const [fused, reference] = await Promise.all(graphs.map((graph) => runGraph(graph, { x })));
    expect(differenceOf(fused!.y!, reference!.y!)).toBeLessThan(1e-6);
    expect(graphs[0]!.counts.parameters).toEqual(graphs[1]!.counts.parameters);
  },
);

test.each([
  [48, 32],
  [6, 5],
])("the mean over tiles is the mean over a map of %i x %i", async (rows, columns) => {
  const x = wave([1, 3, rows, columns]);
  const graph = new GraphBuilder("test");
  const input = graph.input("x", x.dims);
  graph.output("fused", fusedLayers.mean(graph, input));
  graph.output("reference", referenceLayers.mean(graph, input));
  const { fused, reference } = await runGraph(graph.finish(), { x });
  expect(fused!.dims).toEqual([1, 3, 1, 1]);
  for (const [i, value] of reference!.data.entries()) expect(fused!.data[i]).toBeCloseTo(value, 6);
});
