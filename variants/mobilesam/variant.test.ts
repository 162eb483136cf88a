import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint, GraphKind, OnnxGraph, Tensor, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { fittingVariants } from "../../harness/build/weights/fit.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import { loadRegistry } from "../../harness/plan/plugins/registry.ts";
import {
  isBuffer,
  openCheckpoint,
  openTensorArchive,
  seededCheckpoint,
  seededTensor,
} from "../../harness/weights/index.ts";
import { type MobileSamConfig, mobileSamConfigs } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { referenceImageEncoder } from "./reference.ts";
import mobilesam from "./variant.ts";

interface Sampled {
  readonly shape: readonly number[];
  readonly std: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

interface Golden {
  readonly state_dict: Readonly<Record<string, readonly number[]>>;
  readonly input: Seeded;
  readonly image_embedding: Sampled;
  readonly low_res_masks: Sampled;
  readonly iou_predictions: readonly (readonly number[])[];
  readonly points: readonly (readonly (readonly [number, number])[])[];
  readonly labels: readonly (readonly number[])[];
}

interface Seeded {
  readonly tensor: string;
  readonly scale: number;
  readonly offset: number;
  readonly shape: readonly number[];
}

type Shapes = ReadonlyMap<string, readonly number[]>;

const plugin: VariantPlugin & Pick<Required<VariantPlugin>, "loadRaw"> = mobilesam;
const cpu = { provider: "cpu", threads: 2 };
const kinds: readonly GraphKind[] = ["fused", "reference"];
/** The largest error allowed, over the output's std: float32 sums in another order come to less. */
const tolerance = 5e-5;
const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL("fixtures/mobile_sam.json", import.meta.url)), "utf8"),
) as Golden;
const published: Shapes = new Map(Object.entries(golden.state_dict));

let folder: string;
/** A file of seeded values under the published names. */
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  file = writeSafetensors("mobile_sam.safetensors", published);
});
afterAll(() => rmSync(folder, { recursive: true }));

// The weights go through a file, so that what is taken and what is discarded make up the published state dict.
test.each(kinds)("mobilesam matches the authors' code, from a file with the published names, %s", async (kind) => {
  const checkpoint = await openCheckpoint(file);
  const files = writeAll(await graphsOf(preset("mobilesam"), kind, checkpoint), kind);
  checkpoint.close();
  const raw = await plugin.loadRaw(files, cpu, preset("mobilesam"));
  const { tensor, scale, shape } = golden.input;
  const image = { dims: shape, data: seededTensor(tensor, shape).map((value) => value * scale) };
  const encoded = await raw.encode(image);
  expect(errorOf(encoded.image_embedding!, golden.image_embedding)).toBeLessThan(tolerance);
  const outputs = await raw.decode!(encoded, golden);
  expect(errorOf(outputs.low_res_masks!, golden.low_res_masks)).toBeLessThan(tolerance);
  for (const [i, value] of golden.iou_predictions.flat().entries())
    expect(outputs.iou_predictions!.data[i]).toBeCloseTo(value, 4);
  await raw.close();
});

describe("a file with the published names", () => {
  // TinySAM's published names and shapes are the same.
  test("fits mobilesam and tinysam, and bench inspect says so", async () => {
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    expect(console.said.out).toMatch(
      /^variant +mobilesam or tinysam, whose tensors have the same names and shapes; say which/m,
    );
    expect(console.said.out).toMatch(/^parameters +10,130,092$/m);
    expect(await architecturesFitting(file)).toEqual(["mobilesam", "tinysam"]);
  });

  test("fits without the classifier too, and with the indices that older versions of the code saved", async () => {
    const withoutHead = [...published].filter(([name]) => !/^image_encoder\.(norm_)?head\./.test(name));
    const indices = ["image_encoder.layers.1.blocks.0.attn.attention_bias_idxs", [49, 49]] as const;
    const other = writeSafetensors("other.safetensors", new Map([...withoutHead, indices]));
    expect(await architecturesFitting(other)).toEqual(["mobilesam", "tinysam"]);
    const checkpoint = await openCheckpoint(other);
    expect(parametersOf(await graphsOf(preset("mobilesam"), "fused", checkpoint))).toBe(10_130_092 - 321_640);
    checkpoint.close();
  });

  test("is refused as another variant, with the name of its own", async () => {
    const registry = await loadRegistry();
    const weights = { source: "checkpoint", file } as const;
    for (const id of ["sam-vit-b", "mobilesam-nano"])
      await expect(openWeights({ variant: registry.variants.get(id)!, weights }, registry)).rejects.toMatchObject({
        hint: expect.stringMatching(/^this is a checkpoint of mobilesam( or |$)/),
      });
  });

  test("is refused with one weight more than it should have", async () => {
    const more = writeSafetensors("more.safetensors", new Map([...published, ["image_encoder.extra", [2]]]));
    expect(await architecturesFitting(more)).toEqual([]);
  });
});

test("parameters are the published 10.13 M, the classifier among them and buffers left out", async () => {
  const inFile = [...published].filter(([name]) => !isBuffer(name)).reduce((sum, [, dims]) => sum + count(dims), 0);
  expect(inFile).toBe(10_130_092);
  for (const kind of kinds) expect(parametersOf(await graphsOf(preset("mobilesam"), kind))).toBe(inFile);
});

describe("mobilesam-nano", () => {
  test("takes the same weights for both graphs, and a file of them fits it alone", async () => {
    const fused = await shapesOf("fused");
    const reference = await shapesOf("reference");
    expect([...fused].sort()).toEqual([...reference].sort());
    const nano = writeSafetensors("nano.safetensors", fused);
    expect(await architecturesFitting(nano)).toEqual(["mobilesam-nano"]);
  });

  test("encodes and decodes a prompt of its 512 px frame alike in both graphs", async () => {
    const image = noise([1, 3, 512, 512]);
    const size = { height: 512, width: 512 };
    const geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
    const [fused, reference] = await Promise.all(
      kinds.map(async (kind) => {
        const files = writeAll(await graphsOf(preset("mobilesam-nano"), kind), `nano-${kind}`);
        const variant = await plugin.load(files, cpu, preset("mobilesam-nano"));
        const embedding = await variant.encode({ tensor: image, geometry });
        const box = { x0: 30, y0: 60, x1: 400, y1: 500 };
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
});

test("windows that fill the grid have no padding in them, in both graphs", async () => {
  const nano = mobileSamConfigs["mobilesam-nano"];
  const config: MobileSamConfig = { ...nano, side: 128, windows: [4, 4, 8, 2] };
  const image = noise([1, 3, 128, 128]);
  const [fused, reference] = await Promise.all(
    [imageEncoder, referenceImageEncoder].map(async (encoder, i) => {
      const graph = encoder(config, seededCheckpoint());
      const raw = await plugin.loadRaw(writeAll([graph], `whole-${i}`), cpu, preset("mobilesam-nano"));
      const { image_embedding } = await raw.encode(image);
      await raw.close();
      return image_embedding!;
    }),
  );
  expect(fused!.dims).toEqual([1, 64, 8, 8]);
  expect(differenceOf(fused!, reference!)).toBeLessThan(tolerance);
});

// Seeded values hardly see epsilons: nothing in them is near zero.
test.each(kinds)("norms of TinyViT add 1e-5, those of the neck 1e-6, %s", async (kind) => {
  const graphs = await graphsOf(preset("mobilesam-nano"), kind);
  const { nodes } = graphs.find(({ name }) => name === "encoder")!;
  const epsilons = nodes
    .filter(({ operator }) => operator === "LayerNormalization")
    .map(({ attributes }) => (attributes.epsilon as { float: number }).float);
  const ofBlocks = 2 * (1 + 2 + 1);
  expect(epsilons.slice(0, ofBlocks)).toEqual(new Array(ofBlocks).fill(1e-5));
  // The exported neck spells its norms out, with SAM's constant.
  expect(epsilons.slice(ofBlocks)).toEqual(kind === "fused" ? [1e-6, 1e-6] : []);
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const context = { preset: preset("mobilesam"), checkpoint: seededCheckpoint(), graph: "fused" as const };
  const out = { write: async () => undefined };
  await expect(plugin.build({ ...context, out, side: 1000 })).rejects.toThrow(
    "mobilesam: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

test("building reads no tensor", async () => {
  const unread: Checkpoint = {
    ...seededCheckpoint(),
    take: (name, dims) => ({
      name,
      dims,
      read: () => {
        throw new Error(`${name} was read`);
      },
    }),
  };
  for (const kind of kinds) expect((await graphsOf(preset("mobilesam"), kind, unread)).length).toBeGreaterThan(1);
});

function preset(id: string): VariantManifest {
  return plugin.presets.find((each) => each.id === id)!;
}

async function graphsOf(
  preset: VariantManifest,
  graph: GraphKind,
  checkpoint: Checkpoint = seededCheckpoint(),
): Promise<OnnxGraph[]> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  await plugin.build({ preset, checkpoint, graph, out: { write } });
  return graphs;
}

/** Returns the names and shapes that mobilesam-nano takes. */
async function shapesOf(kind: GraphKind): Promise<Shapes> {
  const shapes = new Map<string, readonly number[]>();
  const seeded = seededCheckpoint();
  const take: Checkpoint["take"] = (name, dims) => {
    shapes.set(name, [...dims]);
    return seeded.take(name, dims);
  };
  await graphsOf(preset("mobilesam-nano"), kind, { ...seeded, take });
  return shapes;
}

/**
 * Returns the ids of published architectures and nano presets; methods that run on their checkpoints have a slash in their ids.
 */
async function architecturesFitting(path: string): Promise<readonly string[]> {
  const archive = await openTensorArchive(path);
  const fitting = await fittingVariants(await loadRegistry(), archive);
  archive.close();
  return fitting.filter((id) => !id.includes("/"));
}

function parametersOf(graphs: readonly OnnxGraph[]): number {
  const parameters = new Map(graphs.flatMap(({ counts }) => [...counts.parameters]));
  return [...parameters.values()].reduce((sum, elements) => sum + elements, 0);
}

function writeAll(graphs: readonly OnnxGraph[], name: string): Record<string, string> {
  const place = mkdtempSync(join(folder, `${name}-`));
  return Object.fromEntries(graphs.map((graph) => [graph.name, writeGraph(graph, place)]));
}

function writeSafetensors(name: string, shapes: Shapes): string {
  let end = 0;
  const entries = [...shapes].map(([tensor, shape]) => {
    const start = end;
    end += 4 * count(shape);
    return [tensor, { dtype: "F32", shape, data_offsets: [start, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const values = [...shapes].map(([tensor, shape]) => Buffer.from(seededTensor(tensor, shape).buffer));
  writeFileSync(join(folder, name), Buffer.concat([length, header, ...values]));
  return join(folder, name);
}

function noise(dims: readonly number[]): Tensor {
  return { dims, data: seededTensor("input.pos_embed", dims).map((value) => 4 * value) };
}

function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Returns the largest error of the sampled values, over the output's std. */
function errorOf({ dims, data }: Tensor, { shape, std, index, value }: Sampled): number {
  expect(dims).toEqual(shape);
  return Math.max(...index.map((at, i) => Math.abs(data[at]! - value[i]!))) / std;
}
