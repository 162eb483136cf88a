import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Checkpoint,
  GraphKind,
  OnnxGraph,
  Prompt,
  RawPrompts,
  RawVariant,
  Tensor,
  Variant,
  VariantManifest,
  VariantPlugin,
} from "../../harness/api.ts";
import { prepare } from "../../harness/image/index.ts";
import { GraphBuilder, writeGraph } from "../../harness/onnx/index.ts";
import { shared } from "../../harness/shared.ts";
import { seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import { positionEmbedding } from "./positionEmbedding.ts";
import efficientSam from "./variant.ts";

interface Sampled {
  readonly shape: readonly number[];
  readonly std: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

interface Golden extends RawPrompts {
  readonly input: { readonly tensor: string; readonly offset: number; readonly shape: readonly number[] };
  readonly state_dict: Readonly<Record<string, readonly number[]>>;
  readonly image_embedding: Sampled;
  readonly low_res_masks: Sampled;
  readonly iou_predictions: readonly (readonly number[])[];
}

const plugin: VariantPlugin & Pick<Required<VariantPlugin>, "loadRaw"> = efficientSam;
const cpu = { provider: "cpu", threads: 2 };
/** The largest error allowed, over the output's std: float32 sums in another order come to less. */
const tolerance = 2e-5;
const nano = golden<Golden>("efficientsam_nano.json");
const kinds = ["fused", "reference"] as const satisfies readonly GraphKind[];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(kinds)("efficientsam-nano, %s", (kind) => {
  let raw: RawVariant;
  let variant: Variant;
  beforeAll(async () => {
    const files = await writeAll("efficientsam-nano", kind);
    raw = await plugin.loadRaw(files, cpu, preset("efficientsam-nano"));
    variant = await plugin.load(files, cpu, preset("efficientsam-nano"));
  });
  afterAll(async () => {
    await raw.close();
    await variant.close();
  });

  // Labels -1, 0, 1, 2 and 3, a place left of the image, and three prompts whose best mask is the second, third and second.
  test("gives PyTorch's embedding, masks and predicted IoUs, in the order of the mask tokens", async () => {
    const encoded = await raw.encode(input(nano));
    expect(errorOf(encoded.image_embedding!, nano.image_embedding)).toBeLessThan(tolerance);
    const outputs = await raw.decode!(encoded, nano);
    expect(errorOf(outputs.low_res_masks!, nano.low_res_masks)).toBeLessThan(tolerance);
    expect(outputs.iou_predictions!.dims).toEqual([3, 3]);
    for (const [i, value] of nano.iou_predictions.flat().entries())
      expect(outputs.iou_predictions!.data[i]).toBeCloseTo(value, 5);
  });

  test("a prompt is filled up to six points by padding points at (-1, -1)", async () => {
    const encoded = await raw.encode(input(nano));
    const two = { points: [[[40, 50] as const, [90, 200] as const]], labels: [[1, 1]] };
    const padding = Array.from({ length: 4 }, () => [-1, -1] as const);
    const six = { points: [[...two.points[0]!, ...padding]], labels: [[1, 1, -1, -1, -1, -1]] };
    const short = await raw.decode!(encoded, two);
    const full = await raw.decode!(encoded, six);
    expect(largestDifference(short.low_res_masks!, full.low_res_masks!)).toBeLessThan(1e-5);
    const four = { points: [six.points[0]!.slice(0, 4)], labels: [[1, 1, -1, 1]] };
    expect(largestDifference((await raw.decode!(encoded, four)).low_res_masks!, full.low_res_masks!)).toBeGreaterThan(
      1e-3,
    );
  });

  test("prompts of unequal length come back in their order, each as if it were alone", async () => {
    const embedding = await variant.encode(modelInput());
    const mixed = Array.from({ length: 21 }, (_, i) => mixedPrompt(i));
    const together = await variant.decode(embedding, mixed);
    for (const [i, prompt] of mixed.entries()) {
      const alone = logitsOf((await variant.decode(embedding, [prompt]))[0]);
      const among = logitsOf(together[i]);
      expect(among.lowResLogits.dims).toEqual([3, 128, 128]);
      expect(largestDifference(alone.lowResLogits, among.lowResLogits)).toBeLessThan(1e-5);
    }
    expect(await variant.decode(embedding, [])).toEqual([]);
  });

  test("points and box give the same masks whatever their order", async () => {
    const embedding = await raw.encode(input(nano));
    const places = [[30, 40] as const, [20, 25] as const, [200, 210] as const];
    const inOrder = await raw.decode!(embedding, { points: [places], labels: [[1, 2, 3]] });
    const turned = await raw.decode!(embedding, { points: [[...places].reverse()], labels: [[3, 2, 1]] });
    expect(largestDifference(inOrder.low_res_masks!, turned.low_res_masks!)).toBeLessThan(1e-5);
  });

  test("a prompt without a point is six padding points", async () => {
    const embedding = await variant.encode(modelInput());
    const empty = logitsOf((await variant.decode(embedding, [{ frame: "model", points: [] }]))[0]);
    const padding = Array.from({ length: 6 }, () => [-1, -1] as const);
    const prompts = { points: [padding], labels: [padding.map(() => -1)] };
    const { low_res_masks } = await raw.decode!({ image_embedding: embedding.tensor }, prompts);
    expect(largestDifference(empty.lowResLogits, low_res_masks!)).toBeLessThan(1e-5);
  });

  test("a seventh point and a mask are refused", async () => {
    const embedding = await variant.encode(modelInput());
    const box = { x0: 1, y0: 2, x1: 30, y1: 40 };
    const points = Array.from({ length: 5 }, (_, i) => ({ x: i, y: i, label: 1 }) as const);
    await expect(variant.decode(embedding, [{ frame: "model", points, box }])).rejects.toThrow(
      "a prompt holds too many points (found 5 points and a box, expected at most 6, a box counting as two)",
    );
    const mask = { dims: [1, 128, 128], data: new Float32Array(128 * 128) };
    await expect(variant.decode(embedding, [{ frame: "model", points, mask }])).rejects.toThrow(
      "the model has no input for one",
    );
  });
});

describe("the position embedding is resized as F.interpolate does, bicubic", () => {
  interface Case extends Sampled {
    readonly trained: number;
    readonly grid: number;
    readonly width: number;
  }
  const { cases } = golden<{ cases: readonly Case[] }>("position_embedding.json");

  test.each(cases.map((each) => [each.trained, each.grid, each] as const))("from %i to %i", (trained, grid, each) => {
    const graph = new GraphBuilder("test");
    const patch = 224 / trained;
    const config = { side: grid * patch, patch, width: each.width, depth: 1, heads: 1, decoder: undefined! };
    const module = { graph, checkpoint: seededCheckpoint(), path: "image_encoder" };
    const { name, dims } = positionEmbedding(module, config);
    const constant = graph.finish().constants.find((known) => known.name === name)!;
    expect(errorOf({ dims, data: constant.read() as Float32Array }, each)).toBeLessThan(2e-6);
  });
});

describe.each(kinds)("the graphs, %s", (kind) => {
  test.each([
    ["efficientsam-ti", 10.2e6],
    ["efficientsam-s", 26.4e6],
  ])("%s has the published count of parameters", async (id, published) => {
    const parameters = parametersOf(await graphsOf(id, kind));
    expect(Math.abs(parameters / published - 1)).toBeLessThan(0.005);
    expect(preset(id).printed?.parameters).toBe(published);
  });

  test.each([
    ["efficientsam-ti", "efficient_sam_vitt.json"],
    ["efficientsam-s", "efficient_sam_vits.json"],
    ["efficientsam-nano", "efficientsam_nano.json"],
  ])("%s takes every tensor of the checkpoint, in its shape, and reads none", async (id, file) => {
    const { state_dict } = golden<Golden>(file);
    const taken = new Set<string>();
    const checkpoint: Checkpoint = {
      ...seededCheckpoint(),
      take(name, dims) {
        expect([name, dims]).toEqual([name, state_dict[name]]);
        taken.add(name);
        const read = () => expect.fail(`${name} is read while building`);
        return { name, dims, read };
      },
    };
    await graphsOf(id, kind, checkpoint);
    expect([...taken].sort()).toEqual(Object.keys(state_dict).sort());
  });

  test("the shapes are those of full size", async () => {
    const graphs = new Map((await graphsOf("efficientsam-s", kind)).map((graph) => [graph.name, graph]));
    expect(graphs.get("encoder")!.outputs).toMatchObject([{ name: "image_embedding", dims: [1, 256, 64, 64] }]);
    expect(graphs.get("decoder")!.outputs).toMatchObject([
      { name: "low_res_masks", dims: ["prompts", 3, 256, 256] },
      { name: "iou_predictions", dims: ["prompts", 3] },
    ]);
  });
});

test("the fused encoder leaves attention to the runtime's operator: no scores, no softmax", async () => {
  const encoder = (await graphsOf("efficientsam-ti", "fused")).find(({ name }) => name === "encoder")!;
  const count = (operator: string) => encoder.nodes.filter((node) => node.operator === operator).length;
  expect([count("MultiHeadAttention"), count("Softmax"), count("MatMul")]).toEqual([12, 0, 0]);
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const out = { write: async () => undefined };
  const context = { preset: preset("efficientsam-ti"), checkpoint: seededCheckpoint(), graph: "fused" as const, out };
  await expect(plugin.build({ ...context, side: 1000 })).rejects.toThrow(
    "efficientsam-ti: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

test("an image is stretched to the square and goes in as 0 to 1", () => {
  const image = { size: { height: 1, width: 2 }, pixels: Uint8Array.from([0, 0, 0, 255, 255, 255]) };
  const { tensor, geometry } = prepare(image, preset("efficientsam-nano").input);
  expect(geometry.resized).toEqual({ height: 256, width: 256 });
  expect([tensor.data[0], tensor.data[255]]).toEqual([0, 1]);
});

test.skipIf(shared === undefined)("the published checkpoints are those of the list", () => {
  interface Listed {
    readonly id: string;
    readonly variant: string;
    readonly bytes: number | null;
    readonly sha256: string | null;
  }
  const list = JSON.parse(readFileSync(join(shared!, "checkpoints.json"), "utf8")) as { checkpoints: Listed[] };
  for (const id of ["efficientsam-ti", "efficientsam-s"]) {
    const { variant, ...listed } = list.checkpoints.find((each) => each.variant === id)!;
    const known = Object.entries(listed).filter(([, value]) => value !== null);
    // Whether it is among the first models to bring is this project's choice.
    const { small: _, ...published } = preset(id).published!;
    expect(published).toEqual(Object.fromEntries(known));
  }
});

/** Draws a prompt of one to six points, with a box where there is room for one; some places lie off the image. */
function mixedPrompt(i: number): Prompt<"model"> {
  const count = 1 + (i % 6);
  const points = Array.from(
    { length: count },
    (_, j) =>
      ({ x: ((37 * i + 61 * j) % 270) - 7, y: (91 * i + 17 * j + 5) % 256, label: (j + i) % 2 === 0 ? 1 : 0 }) as const,
  );
  const box = { x0: i, y0: 2 * i, x1: 120 + 2 * i, y1: 130 + i };
  return { frame: "model", points, box: count <= 4 && i % 2 === 0 ? box : undefined };
}

function modelInput() {
  const size = { height: 256, width: 256 };
  return { tensor: input(nano), geometry: { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size } };
}

function input({ input: { tensor, offset, shape } }: Golden): Tensor {
  return { dims: shape, data: seededTensor(tensor, shape).map((value) => value + offset) };
}

function logitsOf(prediction: Awaited<ReturnType<Variant["decode"]>>[number] | undefined) {
  if (prediction?.kind !== "logits") throw new Error("logits expected");
  return prediction;
}

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), "utf8")) as T;
}

function preset(id: string): VariantManifest {
  return plugin.presets.find((each) => each.id === id)!;
}

async function graphsOf(id: string, graph: GraphKind, checkpoint = seededCheckpoint()): Promise<OnnxGraph[]> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  await plugin.build({ preset: preset(id), checkpoint, graph, out: { write } });
  return graphs;
}

function parametersOf(graphs: readonly OnnxGraph[]): number {
  const parameters = new Map(graphs.flatMap(({ counts }) => [...counts.parameters]));
  return [...parameters.values()].reduce((sum, count) => sum + count, 0);
}

async function writeAll(id: string, kind: GraphKind): Promise<Record<string, string>> {
  const place = mkdtempSync(join(folder, `${kind}-`));
  return Object.fromEntries((await graphsOf(id, kind)).map((graph) => [graph.name, writeGraph(graph, place)]));
}

/** Returns the largest error of the sampled values, over the output's std. */
function errorOf({ dims, data }: Pick<Tensor, "data"> & { dims: readonly unknown[] }, sampled: Sampled): number {
  expect(dims).toEqual(sampled.shape);
  return Math.max(...sampled.index.map((at, i) => Math.abs(data[at]! - sampled.value[i]!))) / sampled.std;
}

function largestDifference({ data: a }: Tensor, { data: b }: Tensor): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}
