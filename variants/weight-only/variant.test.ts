import { expect, test } from "vitest";
import type { OnnxGraph } from "../../harness/api.ts";
import { describeGraphs } from "../../harness/build/build.ts";
import { referenceGmacs } from "../../harness/build/gmacs.ts";
import { structureHash } from "../../harness/onnx/index.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";

const registry = await loadRegistry();

async function graphsOf(id: string, graph: "fused" | "reference" = "fused"): Promise<ReadonlyMap<string, OnnxGraph>> {
  const graphs = await describeGraphs({ variant: variantOf(registry, id), checkpoint: seededCheckpoint(), graph });
  return new Map(graphs.map((each) => [each.name, each]));
}

/** Returns the bits of a graph's products, each once; `kernels` are those of kernels in blocks. */
function bitsIn({ nodes, constants }: OnnxGraph): Readonly<Record<"layers" | "kernels", readonly unknown[]>> {
  const products = nodes.filter(({ operator }) => operator === "MatMulNBits");
  const kernels = constants.filter(({ name, type }) => /\.int[48]$/.test(name) && type !== "uint8");
  return {
    layers: [...new Set(products.map(({ attributes }) => attributes.bits))],
    kernels: [...new Set(kernels.map(({ type }) => type))],
  };
}

test("a short id means blocks of 32, and the variant's own id says so", () => {
  for (const [id, whole] of [
    ["w4/sam-nano", "w4/sam-nano/block-32"],
    ["w8/fastsam-s/square", "w8/fastsam-s/square/block-32"],
    ["w4/sam-vit-b/half+level-4", "w4/sam-vit-b/block-32+level-4+half"],
    ["w8/sam-vit-b/block-128", "w8/sam-vit-b/block-128"],
  ] as const) {
    expect(variantOf(registry, id).preset.id).toBe(whole);
    expect(variantOf(registry, whole).preset).toEqual(variantOf(registry, id).preset);
  }
});

test("level 4 is another id with a title and a note of its own", () => {
  const plain = variantOf(registry, "w4/sam-vit-b").preset;
  const rounded = variantOf(registry, "w4/sam-vit-b/level-4").preset;
  expect(plain.title).toBe("SAM ViT-B, W4 in blocks of 32");
  expect(rounded.title).toBe("SAM ViT-B, W4A8 in blocks of 32");
  expect(plain.notes.at(-1)).toContain("activations are float32");
  expect(rounded.notes.at(-1)).toContain("activations of linear layers are rounded to int8");
});

test.each([
  ["w4/sam-nano/block-48", "unknown setting of w4: block-48"],
  ["w8/sam-nano/level-1", "unknown setting of w8: level-1"],
  ["w4/other", "unknown variant: w4/other"],
  ["w4", "unknown variant: w4"],
  ["w4/sam-fast/sam-nano", "no method can change it (found a method on sam-nano"],
  ["w4/w8/sam-nano", "no method can change it (found a method on sam-nano"],
])("%s is refused", (id, message) => {
  expect(() => variantOf(registry, id)).toThrow(message);
});

test("an encoder that takes images of any size is refused", async () => {
  await expect(graphsOf("w4/fastsam-s")).rejects.toThrow("w4/fastsam-s/block-32: its encoder takes images of any size");
});

// Beside linear layers, kernels and tables of positions have 8 bits; where convolutions do most of the work, kernels have 4.
test.each([
  ["sam-nano", [4], ["int8"]],
  ["sam2.1-nano", [4], ["int8"]],
  ["mobilesam-nano", [4], ["int4", "int8"]],
  ["edgesam-nano", [4], ["int4"]],
  ["repvit-sam-nano", [], ["int4"]],
])("w4/%s has integers in its encoder, and 8 bits in its decoders", async (id, layers, kernels) => {
  const base = await graphsOf(id);
  const graphs = await graphsOf(`w4/${id}`);
  expect([...graphs.keys()]).toEqual([...base.keys()]);
  const encoder = bitsIn(graphs.get("encoder")!);
  expect(encoder.layers).toEqual(layers);
  expect([...encoder.kernels].sort()).toEqual(kernels);
  expect(bitsIn(graphs.get("decoder")!).layers).toEqual([8]);
  for (const [name, graph] of base) {
    const own = graphs.get(name)!;
    expect(own.counts.parameters).toEqual(graph.counts.parameters);
    expect(own.outputs).toEqual(graph.outputs);
  }
  expect(await referenceGmacs(variantOf(registry, `w4/${id}`))).toEqual(await referenceGmacs(variantOf(registry, id)));
});

test.each([
  ["w4/sam-vit-b", 0.17],
  ["w8/sam-vit-b", 0.282],
  ["w4/sam-vit-b/half", 0.154],
  ["w8/sam-vit-b/half", 0.266],
])("the encoder of %s has %f of the float file's bytes", async (id, share) => {
  const float = (await graphsOf("sam-vit-b")).get("encoder")!.counts.constantBytes;
  const { constantBytes } = (await graphsOf(id)).get("encoder")!.counts;
  expect(constantBytes / float).toBeCloseTo(share, 3);
});

test("activations are of level 4 in every graph, and only where the id says so", async () => {
  for (const [id, level] of [
    ["w8/sam-nano", 1],
    ["w8/sam-nano/level-4", 4],
  ] as const)
    for (const { nodes } of (await graphsOf(id)).values()) {
      const levels = nodes.flatMap(({ attributes }) => attributes.accuracy_level ?? []);
      expect(new Set(levels)).toEqual(new Set(levels.length === 0 ? [] : [level]));
    }
});

test("the reference graph stays the published code's", async () => {
  const own = await graphsOf("w4/sam-nano", "reference");
  const base = await graphsOf("sam-nano", "reference");
  for (const [name, graph] of base) expect(structureHash(own.get(name)!)).toBe(structureHash(graph));
});
