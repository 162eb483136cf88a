import { expect, test } from "vitest";
import type { OnnxGraph, Tensor } from "../harness/api.ts";
import { describeGraphs } from "../harness/build/build.ts";
import { batchedGraph } from "../harness/onnx/batch/batchedGraph.ts";
import { differenceOf } from "../harness/onnx/fixtures/difference.ts";
import { runGraph, wave } from "../harness/onnx/fixtures/runGraph.ts";
import { loadRegistry, variantOf } from "../harness/plan/plugins/registry.ts";
import { seededCheckpoint } from "../harness/weights/index.ts";
import { toyModels } from "./fixtures/methodTrial.ts";

const registry = await loadRegistry();
const square = "fastsam-s/square";
/** Methods that rank tokens, scale activations, leave windows out, or store weights otherwise. */
const methods = [
  ...["evit", "evovit", "sparsevit", "sam-fast", "half", "bf16", "w4"].map((method) => `${method}/sam-nano`),
  "w4/sam-nano/level-4",
  "w4/edgesam-nano",
];

/** Returns the graph that takes an image, on seeded weights; FastSAM's has no preset of toy size. */
async function encoderOf(id: string): Promise<OnnxGraph> {
  const variant = variantOf(registry, id);
  const checkpoint = seededCheckpoint(variant.preset.seededScale);
  const side = id === square ? 128 : undefined;
  const graphs = await describeGraphs({ variant, checkpoint, graph: "fused", side });
  return graphs.find(({ name }) => name === "encoder")!;
}

test.each([...toyModels(registry), square, ...methods])(
  "%s gives each image of a batch the embedding that it has alone",
  async (id) => {
    const encoder = await encoderOf(id);
    const dims = encoder.inputs[0]!.dims as readonly number[];
    const { data } = wave([2, ...dims.slice(1)]);
    const size = data.length / 2;
    // The second image is no shifted first one.
    const image: Tensor = {
      dims: [2, ...dims.slice(1)],
      data: data.map((value, i) => (i < size ? value : value ** 3)),
    };
    const found = await runGraph(batchedGraph(encoder, 2), { image });
    // The second one: what reads the wrong image reads the first.
    const expected = await runGraph(encoder, { image: { dims, data: image.data.slice(size) } });
    for (const { name } of encoder.outputs.filter((each) => !each.name.startsWith("kept_tokens"))) {
      const single = expected[name]!;
      const own = { dims: single.dims, data: found[name]!.data.slice(single.data.length) };
      expect(differenceOf(own, single)).toBeLessThan(1e-5);
    }
  },
);
