import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Box,
  GraphFiles,
  GraphKind,
  OnnxGraph,
  Point,
  Prompt,
  Tensor,
  Variant,
  VariantManifest,
  VariantPlugin,
} from "../../harness/api.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import { seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import { samConfigs } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { referenceImageEncoder } from "./reference.ts";
import sam from "./variant.ts";

interface Sampled {
  readonly shape: readonly number[];
  readonly std: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

interface Seeded {
  readonly tensor: string;
  readonly scale: number;
  readonly offset: number;
  readonly shape: readonly number[];
}

interface Golden {
  readonly input: Seeded;
  readonly image_embedding: Sampled;
  readonly low_res_masks: Sampled;
  readonly iou_predictions: readonly (readonly number[])[];
  readonly points: readonly (readonly [number, number][])[];
  readonly labels: readonly (readonly number[])[];
}

const plugin: VariantPlugin & Pick<Required<VariantPlugin>, "loadRaw"> = sam;
const cpu = { provider: "cpu", threads: 2 };
/** The largest error allowed, over the output's std: float32 sums in another order come to less. */
const tolerance = 5e-5;
const nano = golden<Golden>("sam_nano.json");
const padded = golden<Golden>("sam_nano_pad.json");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each<GraphKind>(["fused", "reference"])("sam-nano, %s", (kind) => {
  test("matches the authors' code, prompts of three points in one batch", async () => {
    const raw = await plugin.loadRaw(writeAll(await graphsOf(preset("sam-nano"), kind), kind), cpu, preset("sam-nano"));
    const encoded = await raw.encode(seeded(nano.input));
    expect(errorOf(encoded.image_embedding!, nano.image_embedding)).toBeLessThan(tolerance);
    const outputs = await raw.decode!({ image_embedding: encoded.image_embedding! }, nano);
    expect(errorOf(outputs.low_res_masks!, nano.low_res_masks)).toBeLessThan(tolerance);
    const iou = nano.iou_predictions.flat();
    expect(outputs.iou_predictions!.dims).toEqual([3, 4]);
    for (const [i, value] of iou.entries()) expect(outputs.iou_predictions!.data[i]).toBeCloseTo(value, 4);
    await raw.close();
  });

  // 32 x 32 tokens in windows of 7 are padded to 35 x 35. The decoder does not depend on the window.
  test("matches the authors' code where windows are padded", async () => {
    const encoder = kind === "fused" ? imageEncoder : referenceImageEncoder;
    const graph = encoder({ ...samConfigs["sam-nano"], window: 7 }, seededCheckpoint());
    const graphs = await graphsOf(preset("sam-nano"), kind);
    const files = writeAll([graph, ...graphs.filter(({ name }) => name !== "encoder")], `${kind}-padded`);
    const raw = await plugin.loadRaw(files, cpu, preset("sam-nano"));
    const encoded = await raw.encode(seeded(padded.input));
    expect(errorOf(encoded.image_embedding!, padded.image_embedding)).toBeLessThan(tolerance);
    const outputs = await raw.decode!(encoded, padded);
    expect(errorOf(outputs.low_res_masks!, padded.low_res_masks)).toBeLessThan(tolerance);
    await raw.close();
  });
});

describe("parameters are the published ones, buffers left out", () => {
  test.each([
    ["sam-vit-b", 93_735_472],
    ["sam-vit-l", 312_342_832],
    ["sam-vit-h", 641_090_608],
  ])("%s has %i", async (id, parameters) => {
    for (const kind of ["fused", "reference"] as const)
      expect(parametersOf(await graphsOf(preset(id), kind))).toBe(parameters);
  });

  test("sam-nano has those of its state dict", async () => {
    const shapes = golden<{ state_dict: Record<string, number[]> }>("sam_nano.json").state_dict;
    const inFile = Object.entries(shapes)
      .filter(([name]) => !name.endsWith("positional_encoding_gaussian_matrix"))
      .reduce((sum, [, shape]) => sum + shape.reduce((product, size) => product * size, 1), 0);
    for (const kind of ["fused", "reference"] as const)
      expect(parametersOf(await graphsOf(preset("sam-nano"), kind))).toBe(inFile);
  });
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const out = { write: async () => undefined };
  const context = { preset: preset("sam-nano"), checkpoint: seededCheckpoint(), graph: "fused" as const, out };
  await expect(plugin.build({ ...context, side: 500 })).rejects.toThrow(
    "sam-nano: no side that its encoder takes (found 500 px, expected a multiple of",
  );
  await plugin.build({ ...context, side: 256 });
});

describe.each<GraphKind>(["fused", "reference"])("prompts as a user gives them, %s", (kind) => {
  let files: GraphFiles;
  let variant: Variant;
  let embedding: Awaited<ReturnType<Variant["encode"]>>;
  beforeAll(async () => {
    files = writeAll(await graphsOf(preset("sam-nano"), kind), `${kind}-prompts`);
    variant = await plugin.load(files, cpu, preset("sam-nano"));
    const size = { height: 256, width: 256 };
    const geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
    embedding = await variant.encode({ tensor: seeded(nano.input), geometry });
  });
  afterAll(() => variant.close());

  interface GoldenPrompt {
    readonly name: string;
    readonly points: readonly Point[];
    readonly box?: Box;
    readonly mask?: Seeded;
    readonly lowResLogits: Sampled;
    readonly predictedIou: readonly number[];
  }
  const { prompts } = golden<{ prompts: readonly GoldenPrompt[] }>("sam_nano_prompts.json");

  // Boxes have embeddings of their own corners, a prompt without a box gets a padding point, one with a box gets none.
  test.each(prompts.map((prompt) => [prompt.name, prompt] as const))(
    "%s gives PyTorch's logits",
    async (_, expected) => {
      const { points, box, mask } = expected;
      const prompt: Prompt<"model"> = {
        frame: "model",
        points,
        box,
        mask: mask === undefined ? undefined : seeded(mask),
      };
      const { lowResLogits, predictedIou } = await decodeOne(prompt);
      expect(errorOf(lowResLogits, expected.lowResLogits)).toBeLessThan(tolerance);
      expect(predictedIou.length).toBe(4);
      for (const [i, value] of expected.predictedIou.entries()) expect(predictedIou[i]).toBeCloseTo(value, 4);
    },
  );

  test("a box is more than two places: its corners have embeddings of their own, which the point path leaves out", async () => {
    const { box } = prompts.find(({ name }) => name === "box")!;
    const { lowResLogits } = await decodeOne({ frame: "model", points: [], box: box! });
    const raw = await plugin.loadRaw(files, cpu, preset("sam-nano"));
    const corners = { points: [[[box!.x0, box!.y0] as const, [box!.x1, box!.y1] as const]], labels: [[2, 3]] };
    const { low_res_masks: places } = await raw.decode!({ image_embedding: embedding.tensor }, corners);
    await raw.close();
    expect(largestDifference(lowResLogits.data, places!.data)).toBeGreaterThan(0.1 * std(lowResLogits.data));
  });

  test("a prompt's logits do not depend on the others it is decoded with", async () => {
    const mixed = Array.from({ length: 64 }, (_, i) => mixedPrompt(i));
    const together = await variant.decode(embedding, mixed);
    expect(together.length).toBe(64);
    for (const [i, prompt] of mixed.entries()) {
      const alone = await decodeOne(prompt);
      const among = logitsOf(together[i]);
      expect(largestDifference(alone.lowResLogits.data, among.lowResLogits.data)).toBeLessThan(
        1e-5 * std(alone.lowResLogits.data),
      );
      expect(largestDifference(alone.predictedIou, among.predictedIou)).toBeLessThan(1e-5);
    }
  });

  test("more prompts than one call takes come back in their order", async () => {
    const many = Array.from({ length: 70 }, (_, i) => pointPrompt(3 * i, 200 - i));
    const together = await variant.decode(embedding, many);
    for (const i of [0, 63, 64, 69]) {
      const alone = await decodeOne(many[i]!);
      const difference = largestDifference(alone.lowResLogits.data, logitsOf(together[i]).lowResLogits.data);
      expect(difference).toBeLessThan(1e-5 * std(alone.lowResLogits.data));
    }
    expect(await variant.decode(embedding, [])).toEqual([]);
  });

  test("a second image does not see the first one's embedding", async () => {
    const other = { ...embedding, tensor: { ...embedding.tensor, data: embedding.tensor.data.map((value) => -value) } };
    const before = await decodeOne(pointPrompt(10, 20));
    const [prediction] = await variant.decode(other, [pointPrompt(10, 20)]);
    expect(largestDifference(before.lowResLogits.data, logitsOf(prediction).lowResLogits.data)).toBeGreaterThan(0.01);
    expect((await decodeOne(pointPrompt(10, 20))).lowResLogits.data).toEqual(before.lowResLogits.data);
  });

  async function decodeOne(prompt: Prompt<"model">) {
    return logitsOf((await variant.decode(embedding, [prompt]))[0]);
  }
});

/** Draws prompts of points, boxes and masks in every combination, with one to six points. */
function mixedPrompt(i: number): Prompt<"model"> {
  const count = i % 3 === 0 ? 0 : 1 + (i % 6);
  const points = Array.from({ length: count }, (_, j) => ({
    x: (37 * i + 61 * j) % 256,
    y: (91 * i + 17 * j + 5) % 256,
    label: (j + i) % 2 === 0 ? 1 : 0,
  })) satisfies Point[];
  const box = { x0: i, y0: 2 * i, x1: 120 + 2 * i, y1: 130 + i };
  const mask = seeded({ tensor: `prompt.${i}.pos_embed`, scale: 20, offset: 0, shape: [1, 128, 128] });
  return {
    frame: "model",
    points,
    box: count === 0 || i % 2 === 0 ? box : undefined,
    mask: i % 4 === 1 ? mask : undefined,
  };
}

function pointPrompt(x: number, y: number): Prompt<"model"> {
  return { frame: "model", points: [{ x, y, label: 1 }] };
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

function seeded({ tensor, scale, offset, shape }: Seeded): Tensor {
  return { dims: shape, data: seededTensor(tensor, shape).map((value) => value * scale + offset) };
}

async function graphsOf(preset: VariantManifest, graph: GraphKind): Promise<OnnxGraph[]> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  await plugin.build({ preset, checkpoint: seededCheckpoint(), graph, out: { write } });
  return graphs;
}

function parametersOf(graphs: readonly OnnxGraph[]): number {
  const parameters = new Map(graphs.flatMap(({ counts }) => [...counts.parameters]));
  return [...parameters.values()].reduce((sum, count) => sum + count, 0);
}

function writeAll(graphs: readonly OnnxGraph[], name: string): Record<string, string> {
  const place = mkdtempSync(join(folder, `${name}-`));
  return Object.fromEntries(graphs.map((graph) => [graph.name, writeGraph(graph, place)]));
}

/** Returns the largest error of the sampled values, over the output's std. */
function errorOf({ dims, data }: Tensor, { shape, std, index, value }: Sampled): number {
  expect(dims).toEqual(shape);
  return Math.max(...index.map((at, i) => Math.abs(data[at]! - value[i]!))) / std;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

function std(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
