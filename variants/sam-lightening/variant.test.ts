import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint, GraphKind, OnnxGraph, Tensor, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { runGraph } from "../../harness/onnx/fixtures/runGraph.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import { seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import { imageEncoder as samEncoder } from "../sam/imageEncoder.ts";
import { type LighteningConfig, lighteningConfigs } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { referenceImageEncoder } from "./reference.ts";
import lightening from "./variant.ts";

const plugin: VariantPlugin = lightening;
const cpu = { provider: "cpu", threads: 2 };
const kinds = ["fused", "reference"] as const satisfies readonly GraphKind[];
/** The largest error allowed, over the output's std: float32 sums in another order come to less. */
const tolerance = 5e-5;

/** 8 x 8 tokens in windows of 6: the last windows are mostly padding. */
const small: LighteningConfig = {
  ...lighteningConfigs["sam-lightening-nano"],
  side: 64,
  depth: 3,
  window: 6,
  globalBlocks: [2],
  dilation: { windowed: { segment: 18, rate: 2 }, global: { segment: 32, rate: 4 } },
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("sam-lightening-nano", () => {
  test("encodes and decodes alike in both graphs", async () => {
    const image = noise([1, 3, 256, 256]);
    const size = { height: 256, width: 256 };
    const geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
    const [fused, reference] = await Promise.all(
      kinds.map(async (kind) => {
        const files = writeAll(await graphsOf("sam-lightening-nano", kind), kind);
        const variant = await plugin.load(files, cpu, preset("sam-lightening-nano"));
        const embedding = await variant.encode({ tensor: image, geometry });
        const box = { x0: 30, y0: 60, x1: 200, y1: 250 };
        const [prediction] = await variant.decode(embedding, [{ frame: "model", points: [], box }]);
        await variant.close();
        if (prediction?.kind !== "logits") throw new Error("logits expected");
        return { embedding: embedding.tensor, logits: prediction.lowResLogits };
      }),
    );
    expect(fused!.embedding.dims).toEqual([1, 64, 32, 32]);
    expect(fused!.logits.dims).toEqual([4, 128, 128]);
    expect(differenceOf(fused!.embedding, reference!.embedding)).toBeLessThan(tolerance);
    expect(differenceOf(fused!.logits, reference!.logits)).toBeLessThan(tolerance);
  });

  test.each(["sam-lightening-nano", "sam-lightening"])("%s takes the same weights for both graphs", async (id) => {
    const fused = await shapesOf(id, "fused");
    const reference = await shapesOf(id, "reference");
    expect([...fused].sort()).toEqual([...reference].sort());
    expect([...fused.keys()].filter((name) => name.includes("rel_pos"))).toEqual([]);
  });
});

test("both encoders agree where windows are padded and segments shorter than they are", async () => {
  const fused = await embeddingOf(imageEncoder);
  const reference = await embeddingOf(referenceImageEncoder);
  expect(fused.dims).toEqual([1, 64, 8, 8]);
  expect(differenceOf(fused, reference)).toBeLessThan(tolerance);
});

// SAM's encoder is checked against the authors' code; its relative positions vanish where their table is zero.
test("one segment at stride 1 is SAM's encoder without relative positions", async () => {
  const dilation = { windowed: { segment: 36, rate: 1 }, global: { segment: 64, rate: 1 } };
  const seeded = seededCheckpoint();
  const take: Checkpoint["take"] = (name, dims) => {
    const weight = seeded.take(name, dims);
    return name.includes("rel_pos") ? { ...weight, read: () => weight.read().fill(0) } : weight;
  };
  const graph = samEncoder(small, { ...seeded, take });
  const { image_embedding } = await runGraph(graph, { image: noise([1, 3, 64, 64]) });
  expect(differenceOf(await embeddingOf(imageEncoder, { ...small, dilation }), image_embedding!)).toBeLessThan(
    tolerance,
  );
  expect(differenceOf(await embeddingOf(imageEncoder), image_embedding!)).toBeGreaterThan(100 * tolerance);
});

test("at full size dilation halves the work of attention and leaves the embedding's shape", async () => {
  const [encoder] = await graphsOf("sam-lightening", "fused");
  expect(encoder!.outputs[0]!.dims).toEqual([1, 256, 64, 64]);
  // Two global blocks of 2 x 2048 tokens, four of 25 windows of 2 x 98 tokens, queries x keys and weights x values.
  const pairs = 2 * 2 * 2048 ** 2 + 4 * 25 * 2 * 98 ** 2;
  expect(encoder!.counts.macs().get("MultiHeadAttention")).toBe(pairs * 2 * 384);
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const context = { preset: preset("sam-lightening"), checkpoint: seededCheckpoint(), graph: "fused" as const };
  const out = { write: async () => undefined };
  await expect(plugin.build({ ...context, out, side: 1000 })).rejects.toThrow(
    "sam-lightening: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

test.each(plugin.presets.map(({ id, notes }) => [id, notes] as const))("%s says what it is not", (_, notes) => {
  expect(notes[0]).toContain("architecture from the paper's text, no published weights");
  expect(notes[1]).toContain("the released code reads otherwise");
});

async function embeddingOf(encoder: typeof imageEncoder, config: LighteningConfig = small): Promise<Tensor> {
  const { image_embedding } = await runGraph(encoder(config, seededCheckpoint()), { image: noise([1, 3, 64, 64]) });
  return image_embedding!;
}

function preset(id: string): VariantManifest {
  return plugin.presets.find((each) => each.id === id)!;
}

async function graphsOf(
  id: string,
  graph: GraphKind,
  checkpoint: Checkpoint = seededCheckpoint(),
): Promise<OnnxGraph[]> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  await plugin.build({ preset: preset(id), checkpoint, graph, out: { write } });
  return graphs;
}

async function shapesOf(id: string, kind: GraphKind): Promise<Map<string, string>> {
  const shapes = new Map<string, string>();
  const seeded = seededCheckpoint();
  const take: Checkpoint["take"] = (name, dims) => {
    shapes.set(name, dims.join());
    return seeded.take(name, dims);
  };
  await graphsOf(id, kind, { ...seeded, take });
  return shapes;
}

function writeAll(graphs: readonly OnnxGraph[], name: string): Record<string, string> {
  const place = mkdtempSync(join(folder, `${name}-`));
  return Object.fromEntries(graphs.map((graph) => [graph.name, writeGraph(graph, place)]));
}

function noise(dims: readonly number[]): Tensor {
  return { dims, data: seededTensor("input.pos_embed", dims).map((value) => 4 * value) };
}
