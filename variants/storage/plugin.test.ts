import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BuildContext, Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { describeGraphs } from "../../harness/build/build.ts";
import { referenceGmacs } from "../../harness/build/gmacs.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { structureHash } from "../../harness/onnx/index.ts";
import { loadRegistry, type RegisteredVariant, variantOf } from "../../harness/plan/plugins/registry.ts";
import { openCheckpoint, seededCheckpoint } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";

const registry = await loadRegistry();
const types = { half: "float16", bf16: "bfloat16" } as const;
const formats = Object.keys(types) as readonly (keyof typeof types)[];

let nano: Checkpoint;
beforeAll(async () => {
  nano = await openCheckpoint(fileURLToPath(new URL("../sam/sam-nano.safetensors", import.meta.url)), "nano");
});
afterAll(() => nano.close());

/** Returns the graphs that the plug-in writes, by name, for a provider that computes in 16 bits or not, and its notes. */
async function built(variant: RegisteredVariant, computes: "float32" | "16 bits", checkpoint = nano) {
  const graphs = new Map<string, OnnxGraph>();
  const notes: string[] = [];
  const context: BuildContext = {
    preset: variant.preset,
    base: variant.base,
    checkpoint,
    graph: "fused",
    computesIn: async () => computes === "16 bits",
    out: {
      write: async (name, graph) => void graphs.set(name, graph),
      note: (text) => notes.push(text),
    },
  };
  await variant.plugin.build(context);
  return { graphs, notes };
}

test.each(formats)("every SAM has a form of %s, on its own checkpoint, and none is listed", (format) => {
  expect([...registry.variants.keys()].filter((id) => id.startsWith(`${format}/`))).toEqual([]);
  for (const id of Object.keys(samConfigs)) expect(variantOf(registry, `${format}/${id}`).preset.base).toBe(id);
  const { preset } = variantOf(registry, `${format}/sam-nano`);
  expect([preset.base, preset.input]).toEqual(["sam-nano", registry.variants.get("sam-nano")!.preset.input]);
  expect(() => variantOf(registry, `${format}/sam-fast/sam-nano`)).toThrow("no method can change it");
});

test.each(formats)("%s stores large weights of every graph in 16 bits, and changes nothing else", async (format) => {
  const own = (await built(variantOf(registry, `${format}/sam-nano`), "float32")).graphs;
  const theirs = (await built(variantOf(registry, "sam-nano"), "float32")).graphs;
  expect([...own.keys()]).toEqual([...theirs.keys()]);
  for (const [name, graph] of theirs) {
    const stored = own.get(name)!;
    expect([stored.nodes, stored.outputs]).toEqual([graph.nodes, graph.outputs]);
    expect(stored.counts.parameters).toEqual(graph.counts.parameters);
    expect(stored.counts.macs({ prompts: 1, points: 2 })).toEqual(graph.counts.macs({ prompts: 1, points: 2 }));
  }
  const bytes = ({ counts }: OnnxGraph) => counts.constantBytes;
  expect(bytes(own.get("encoder")!) / bytes(theirs.get("encoder")!)).toBeCloseTo(0.51, 2);
  expect(new Set(own.get("encoder")!.constants.map(({ storedAs }) => storedAs))).toEqual(
    new Set([undefined, types[format]]),
  );
});

/** Runs encoder and decoder on one image and one prompt of a box, whose corners are points. */
async function segmented(graphs: ReadonlyMap<string, OnnxGraph>) {
  const encoded = await runGraph(graphs.get("encoder")!, { image: wave([1, 3, 256, 256]) });
  const tokens = await runGraph(graphs.get("decoder-image")!, encoded);
  const point_coords = { dims: [1, 2, 2], data: Float32Array.of(40.5, 61.5, 190.5, 201.5) };
  const point_labels = { dims: [1, 2], data: Float32Array.of(2, 3) };
  return { ...encoded, ...(await runGraph(graphs.get("decoder")!, { ...tokens, point_coords, point_labels })) };
}

test("a provider that computes in float16 gets graphs that do, and their masks are near those of float32", async () => {
  const half = (await built(variantOf(registry, "half/sam-nano"), "16 bits")).graphs;
  const float = (await built(variantOf(registry, "sam-nano"), "float32")).graphs;
  const encoder = half.get("encoder")!;
  expect(encoder.counts.parameters).toEqual(float.get("encoder")!.counts.parameters);
  const attention = encoder.nodes.filter(({ operator }) => operator === "MultiHeadAttention");
  expect(attention.map(({ outputs }) => encoder.values.get(outputs[0]!)!.type)).toEqual(Array(6).fill("float16"));
  const found = await segmented(half);
  const expected = await segmented(float);
  const errors = Object.keys(expected).map((name) => differenceOf(found[name]!, expected[name]!));
  expect(Math.max(...errors)).toBeLessThan(0.02);
  expect(Math.min(...errors)).toBeGreaterThan(1e-5);
  const { data } = expected.low_res_masks!;
  const flipped = found.low_res_masks!.data.filter((value, i) => value > 0 !== data[i]! > 0).length;
  expect(flipped / data.length).toBeLessThan(0.001);
});

test("the manifest says whether 16 bits are computed with, or storage alone", async () => {
  const half = variantOf(registry, "half/sam-nano");
  expect((await built(half, "float32")).notes).toEqual([
    "the files hold weights in float16, as storage alone: the provider does not compute in float16 here, so they are cast to float32 when a file is loaded, and take as much memory as float32 weights do",
  ]);
  expect((await built(half, "16 bits")).notes.join()).toMatch(/^the provider computes in float16: /);
});

test.each(formats)(
  "the reference of %s is the published graph, in float32, with the products of its paper",
  async (format) => {
    const variant = variantOf(registry, `${format}/sam-nano`);
    const base = variantOf(registry, "sam-nano");
    const hashes = async (of: RegisteredVariant) =>
      (await describeGraphs({ variant: of, checkpoint: seededCheckpoint(), graph: "reference" })).map(structureHash);
    expect(await hashes(variant)).toEqual(await hashes(base));
    expect(await referenceGmacs(variant)).toEqual(await referenceGmacs(base));
  },
);
