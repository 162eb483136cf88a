import { expect, test } from "vitest";
import { describeGraphs, takesImage } from "../../harness/build/build.ts";
import { batchedGraph, computedIn, providerGraph } from "../../harness/onnx/index.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { toyModels } from "../fixtures/methodTrial.ts";

const registry = await loadRegistry();
const models = [...toyModels(registry), "fastsam-s/square"];

// Shapes and types are checked as a graph is written; nothing is run.
test.each(models)("%s computes in 16 bits of either type, as a batch and in a provider's operators too", async (id) => {
  const variant = variantOf(registry, id);
  const checkpoint = seededCheckpoint(variant.preset.seededScale);
  const graphs = await describeGraphs({ variant, checkpoint, graph: "fused" });
  for (const type of ["float16", "bfloat16"] as const)
    for (const graph of graphs) {
      const half = computedIn(graph, type);
      expect([half.inputs, half.outputs]).toEqual([graph.inputs, graph.outputs]);
      expect(half.counts.macs({ prompts: 1, points: 2 })).toEqual(graph.counts.macs({ prompts: 1, points: 2 }));
      expect(half.counts.parameters).toEqual(graph.counts.parameters);
      const batched = takesImage(graph) ? batchedGraph(half, 2) : half;
      expect(providerGraph(batched, "webgpu").outputs.map((output) => output.type)).toEqual(
        graph.outputs.map((output) => output.type),
      );
    }
});
