import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OnnxGraph } from "../../harness/api.ts";
import { describeGraphs } from "../../harness/build/build.ts";
import { calibrate } from "../../harness/build/calibration.ts";
import { referenceGmacs } from "../../harness/build/gmacs.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder, structureHash } from "../../harness/onnx/index.ts";
import { loadRegistry, type RegisteredVariant, type Registry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { openCheckpoint, seededCheckpoint } from "../../harness/weights/index.ts";
import { relativeError } from "./choice.ts";
import { fastLayers } from "./layers.ts";

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Layers in int8 by operator: products of a graph whose linear layers, or whose convolutions, do most of the work. */
const int8Layers: readonly (readonly [base: string, products: number, convolutions: number])[] = [
  ["edgesam-nano", 1, 20],
  ["efficientsam-nano", 36, 0],
  ["efficientvit-sam-nano", 2, 7],
  ["hq-sam-nano", 36, 0],
  ["hq-sam-nano/hq-token", 36, 0],
  ["mobilesam-nano", 12, 10],
  ["repvit-sam-nano", 0, 20],
  ["sam-lightening-nano", 36, 0],
  ["sam2.1-nano", 55, 0],
  ["slimsam-nano", 36, 0],
  ["tinysam-nano", 12, 5],
  ["fastsam-s/square", 0, 62],
  ["edgetam-nano", 0, 19],
  ["efficienttam-nano", 36, 0],
];

test.each(int8Layers)(
  "%s: %i products and %i convolutions of its encoder are int8, and nothing else changes",
  async (id, products, convolutions) => {
    const base = variantOf(registry, id);
    const method = variantOf(registry, `sam-fast/${id}`);
    const own = await graphsOf(method);
    const theirs = await graphsOf(base);
    expect([...own.keys()]).toEqual([...theirs.keys()]);
    const count = (operator: string) => own.get("encoder")!.nodes.filter((node) => node.operator === operator).length;
    expect([count("MatMulIntegerToFloat"), count("QLinearConv")]).toEqual([products, convolutions]);
    for (const [name, graph] of theirs) {
      if (name !== "encoder") expect(structureHash(own.get(name)!)).toBe(structureHash(graph));
      expect(own.get(name)!.counts.parameters).toEqual(graph.counts.parameters);
      expect(own.get(name)!.outputs).toEqual(graph.outputs);
    }
    expect(await referenceGmacs(method)).toEqual(await referenceGmacs(base));
    const { input, mask, lacks, everything, choosesUpTo, maxPoints, size } = base.preset;
    expect(method.preset).toMatchObject({ input, mask, lacks, size, base: id });
    expect([method.preset.everything, method.preset.choosesUpTo, method.preset.maxPoints]).toEqual([
      everything,
      choosesUpTo,
      maxPoints,
    ]);
    expect(method.preset.notes).toEqual(expect.arrayContaining([...base.preset.notes]));
  },
);

test("an encoder of convolutions is calibrated, and stays near its float graph", async () => {
  const method = variantOf(registry, "sam-fast/mobilesam-nano");
  const nano = fileURLToPath(new URL("../mobilesam/mobilesam-nano.safetensors", import.meta.url));
  const checkpoint = await openCheckpoint(nano, "nano");
  const dataset = await registry.datasets.get("shapes")!.open({ seed: 1, limit: 2 });
  const { values } = await calibrate(
    {
      variant: method,
      checkpoint,
      weightsId: "nano",
      registry,
      store: folder,
      runtime: { provider: "cpu", threads: 2 },
      progress: () => undefined,
      note: () => undefined,
      signal: new AbortController().signal,
    },
    { dataset, seed: 1, options: { bound: "0.2" } },
  );
  const notes: string[] = [];
  const graphs = await describeGraphs(
    { variant: method, checkpoint, graph: "fused", calibration: values },
    { note: (text) => notes.push(text) },
  );
  expect(notes.join()).toMatch(
    /^all \d+ linear layers and all \d+ convolutions of the encoder that gain time are int8; the encoder's/,
  );
  const float = (await describeGraphs({ variant: method.base!, checkpoint, graph: "fused" }))[0]!;
  const { side } = method.preset.input;
  const image = wave([1, 3, side, side]);
  const found = (await runGraph(graphs[0]!, { image })).image_embedding!.data;
  const expected = (await runGraph(float, { image })).image_embedding!.data;
  const error = relativeError([found], [expected]);
  expect(error).toBeGreaterThan(0.001);
  expect(error).toBeLessThan(0.1);
  checkpoint.close();
});

test("an encoder of any size, and one without a layer that gains, are refused with the reason", async () => {
  await expect(graphsOf(variantOf(registry, "sam-fast/fastsam-s"))).rejects.toThrow(
    "sam-fast/fastsam-s: its encoder takes images of any size",
  );
  const graph = new GraphBuilder("encoder");
  const kernels = graph.constant("kernels", "float32", [3, 1, 3, 3], () => new Float32Array(27));
  const image = graph.input("image", [1, 3, 8, 8]);
  graph.output("image_embedding", graph.op("Conv", [image, kernels], { kernel_shape: [3, 3], group: 3 }));
  expect(() => fastLayers(graph.finish(), "sam-fast/bare")).toThrow(
    "sam-fast/bare: its encoder has no layer that would gain from int8 (found 0 linear layers, 1 convolutions",
  );
});

test("ids that name no model are unknown, and other methods are refused", () => {
  expect(() => variantOf(registry, "sam-fast/mobilesm")).toThrow("unknown variant: sam-fast/mobilesm");
  expect(() => variantOf(registry, "sam-fast/ptq4sam/sam-nano/w8a8")).toThrow(
    "ptq4sam/sam-nano/w8a8: no method can change it (found a method on sam-nano",
  );
});

async function graphsOf(variant: RegisteredVariant): Promise<ReadonlyMap<string, OnnxGraph>> {
  const graphs = await describeGraphs({ variant, checkpoint: seededCheckpoint(), graph: "fused" });
  return new Map(graphs.map((graph) => [graph.name, graph]));
}
