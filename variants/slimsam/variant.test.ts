import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint, GraphKind, OnnxGraph, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { referenceGmacs } from "../../harness/build/gmacs.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import {
  isBuffer,
  seededCheckpoint,
  seededTensor,
  shapesTaken,
  type TensorShapes,
  writeSeededFile,
} from "../../harness/weights/index.ts";
import { fittingVariantsOf, parametersOf, publishedShapes } from "../fixtures/trial.ts";
import slimsam from "./variant.ts";

const plugin: VariantPlugin = slimsam;
const kinds: readonly GraphKind[] = ["fused", "reference"];
const registry = await loadRegistry();
const published = publishedShapes(fileURLToPath(new URL("fixtures/slimsam_77_uniform.json", import.meta.url)));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(kinds)("%s", (kind) => {
  test("SlimSAM-77 takes the published names and shapes, all of them", async () => {
    const taken = await shapesTaken((checkpoint) => graphsOf(preset("slimsam-77"), kind, checkpoint));
    expect([...taken].sort()).toEqual([...published].sort());
  });

  test.each([
    ["slimsam-77", 9_723_528],
    ["slimsam-50", 27_961_776],
  ])("%s has %i parameters, buffers left out", async (id, parameters) => {
    expect(parametersOf(await graphsOf(preset(id), kind))).toBe(parameters);
  });

  test("heads of SlimSAM-77 are 14 wide: scores are divided by the root of that", async () => {
    const { nodes } = encoderOf(await graphsOf(preset("slimsam-77"), kind));
    const scale = 1 / Math.sqrt(14);
    if (kind === "reference") {
      const scaled = nodes.filter(({ operator, inputs }) => operator === "Mul" && inputs.includes(`number[${scale}]`));
      expect(scaled.length).toBe(12);
      return;
    }
    const attention = nodes.filter(({ operator }) => operator === "MultiHeadAttention");
    const settings = attention.map(({ attributes }) => JSON.stringify([attributes.num_heads, attributes.scale]));
    expect([...new Set(settings)]).toEqual([JSON.stringify([12, { float: scale }])]);
  });

  test("GELU is the erf form, and the MLP is 696 wide where four times 168 would be 672", async () => {
    const { nodes, counts } = encoderOf(await graphsOf(preset("slimsam-77"), kind));
    const activations = nodes.filter(({ operator }) => operator === (kind === "fused" ? "BiasGelu" : "Erf"));
    expect(activations.length).toBe(12);
    expect(nodes.some(({ operator }) => operator === "FastGelu" || operator === "Tanh")).toBe(false);
    expect(counts.parameters.get("image_encoder.blocks.0.mlp.lin1.bias")).toBe(696);
  });
});

test("slimsam-nano gives the same embedding and logits in both graphs", async () => {
  const dims = [1, 3, 256, 256];
  const tensor = { dims, data: seededTensor("input.pos_embed", dims).map((value) => 4 * value) };
  const size = { height: 256, width: 256 };
  const geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
  const [fused, reference] = await Promise.all(
    kinds.map(async (kind) => {
      const place = mkdtempSync(join(folder, `${kind}-`));
      const graphs = await graphsOf(preset("slimsam-nano"), kind);
      const files = Object.fromEntries(graphs.map((graph) => [graph.name, writeGraph(graph, place)]));
      const variant = await plugin.load(files, { provider: "cpu", threads: 2 }, preset("slimsam-nano"));
      const embedding = await variant.encode({ tensor, geometry });
      const box = { x0: 30, y0: 60, x1: 200, y1: 250 };
      const [prediction] = await variant.decode(embedding, [{ frame: "model", points: [], box }]);
      await variant.close();
      if (prediction?.kind !== "logits") throw new Error("logits expected");
      return { embedding: embedding.tensor, logits: prediction.lowResLogits };
    }),
  );
  expect(fused!.embedding.dims).toEqual([1, 64, 32, 32]);
  expect(differenceOf(fused!.embedding, reference!.embedding)).toBeLessThan(1e-5);
  expect(differenceOf(fused!.logits, reference!.logits)).toBeLessThan(1e-5);
});

describe("a uniform file", () => {
  test("of the published names fits slimsam-77 alone", async () => {
    expect(await fittingVariantsOf(write("SlimSAM-77-uniform", published))).toEqual(["slimsam-77"]);
  });

  test("of SlimSAM-50's widths is refused as slimsam-77, with the name of its own", async () => {
    const file = write("SlimSAM-50-uniform", await shapesOf("slimsam-50"));
    expect(await refusal("slimsam-77", file)).toEqual({
      message: `${file}: its tokens and MLPs have the widths of slimsam-50 (found [384, 1536], expected [168, 696])`,
      hint: "this is a checkpoint of slimsam-50",
    });
  });

  // Whoever prunes SAM by another ratio gets the same network with other widths.
  test("of another pruning ratio is taken with its own widths, and the row says so", async () => {
    const nano = await shapesOf("slimsam-nano");
    const narrower = new Map([...nano].map(([name, dims]) => [name, dims.map((dim) => otherWidths.get(dim) ?? dim)]));
    const file = write("SlimSAM-60-uniform", narrower);
    expect(await fittingVariantsOf(file)).toEqual(["slimsam-nano"]);
    const { checkpoint } = await openWeights(
      { variant: variantOf(registry, "slimsam-nano"), weights: { source: "checkpoint", file } },
      registry,
    );
    const notes: string[] = [];
    const graphs = await graphsOf(preset("slimsam-nano"), "fused", checkpoint, notes);
    const counted = await referenceGmacs(variantOf(registry, "slimsam-nano"), checkpoint);
    checkpoint.close();
    const elements = [...narrower].filter(([name]) => !isBuffer(name)).map(([, dims]) => dims.reduce((a, b) => a * b));
    expect(parametersOf(graphs)).toBe(elements.reduce((sum, each) => sum + each));
    expect(notes).toEqual([
      "its checkpoint is pruned by another ratio: tokens are 36 wide and MLPs 100, not 42 and 174",
    ]);
    const own = await referenceGmacs(variantOf(registry, "slimsam-nano"));
    expect(counted!.encode).toBeLessThan(0.9 * own!.encode);
    expect(counted!.decode).toBe(own!.decode);
  });

  test("whose width can not be shared by the heads is refused", async () => {
    const nano = await shapesOf("slimsam-nano");
    const odd = new Map([...nano].map(([name, dims]) => [name, dims.map((dim) => (dim === 42 ? 40 : dim))]));
    const file = write("odd", odd);
    expect((await refusal("slimsam-nano", file)).message).toBe(
      `${file}: the width of its tokens can not be shared by 3 heads (found [40, 174], expected [42, 174])`,
    );
  });

  test("of a SAM that is not pruned fits that SAM alone", async () => {
    const file = fileURLToPath(new URL("../sam/sam-nano.safetensors", import.meta.url));
    expect(await fittingVariantsOf(file)).toEqual(["sam-nano"]);
    expect(await refusal("slimsam-nano", file)).toEqual({
      message: `${file}: its tokens are not narrower than those of sam-nano (found [96, 384], expected [42, 174])`,
      hint: "this is a checkpoint of sam-nano",
    });
  });
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const out = { write: async () => undefined };
  const context = { preset: preset("slimsam-77"), checkpoint: seededCheckpoint(), graph: "fused" as const, out };
  await expect(plugin.build({ ...context, side: 1000 })).rejects.toThrow(
    "slimsam-77: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

/** Sizes of slimsam-nano that a narrower file has otherwise: tokens, queries with keys and values, heads, MLPs. */
const otherWidths: ReadonlyMap<number, number> = new Map([
  [42, 36],
  [126, 108],
  [14, 12],
  [174, 100],
]);

function preset(id: string): VariantManifest {
  return plugin.presets.find((each) => each.id === id)!;
}

async function graphsOf(
  of: VariantManifest,
  graph: GraphKind,
  checkpoint: Checkpoint = seededCheckpoint(),
  notes: string[] = [],
): Promise<OnnxGraph[]> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  await plugin.build({ preset: of, checkpoint, graph, out: { write, note: (text) => void notes.push(text) } });
  return graphs;
}

function encoderOf(graphs: readonly OnnxGraph[]): OnnxGraph {
  return graphs.find(({ name }) => name === "encoder")!;
}

function shapesOf(id: string): Promise<TensorShapes> {
  return shapesTaken((checkpoint) => graphsOf(preset(id), "fused", checkpoint));
}

/** Writes a file of seeded values. */
function write(name: string, shapes: TensorShapes): string {
  const file = join(folder, `${name}.safetensors`);
  writeSeededFile(file, shapes);
  return file;
}

/** Returns what a user is told who gives a variant this file. */
async function refusal(id: string, file: string): Promise<{ readonly message: string; readonly hint: unknown }> {
  const opened = openWeights({ variant: variantOf(registry, id), weights: { source: "checkpoint", file } }, registry);
  const error = await opened.then(
    () => new Error("it was taken"),
    (reason: Error & { readonly hint?: string }) => reason,
  );
  return { message: error.message, hint: "hint" in error ? error.hint : undefined };
}
