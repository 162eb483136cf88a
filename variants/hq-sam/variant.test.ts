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
  Tensor,
  VariantManifest,
  VariantPlugin,
} from "../../harness/api.ts";
import { fittingVariants } from "../../harness/build/weights/fit.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { boxMacs } from "../../harness/onnx/boxMacs.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import { loadRegistry } from "../../harness/plan/plugins/registry.ts";
import { openTensorArchive, seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import { shapesTaken, writeSeededFile } from "../../harness/weights/seededFile.ts";
import { parametersOf } from "../fixtures/trial.ts";
import { mobileSamConfigs } from "../mobilesam/config.ts";
import sam from "../sam/variant.ts";
import { type HqSamConfig, onTinyVit } from "./config.ts";
import { decoderImage } from "./hqFeatures.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { loadRawHqSam } from "./load.ts";
import { maskDecoder } from "./maskDecoder.ts";
import { referenceFeatures, referenceMaskDecoder } from "./reference.ts";
import hqSam from "./variant.ts";

type Shapes = ReadonlyMap<string, readonly number[]>;

const plugin: VariantPlugin & Pick<Required<VariantPlugin>, "loadRaw"> = hqSam;
const cpu = { provider: "cpu", threads: 2 };
const kinds: readonly GraphKind[] = ["fused", "reference"];
/** The largest error allowed, over the output's std: float32 sums in another order come to less. */
const tolerance = 2e-5;
const box: Prompt<"model"> = { frame: "model", points: [], box: { x0: 30, y0: 60, x1: 200, y1: 250 } };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ["SAM's encoder", 256, async (kind: GraphKind) => graphsOf("hq-sam-nano", kind)],
  ["TinyViT", 512, async (kind: GraphKind) => tinyGraphs(kind)],
])("at toy size on %s", (_, side, graphs) => {
  test("both graphs give the same early tokens, HQ features, five masks and predicted IoUs", async () => {
    const prompts = {
      points: [
        [[30, 60] as const, [200, 250] as const],
        [[100, 20] as const, [0, 0] as const],
      ],
      labels: [
        [1, 0],
        [1, -1],
      ],
    };
    const maskInput = noise([2, 1, 4 * gridOf(side), 4 * gridOf(side)]);
    const [fused, reference] = await Promise.all(
      kinds.map(async (kind) => {
        const raw = await loadRawHqSam(writeAll(await graphs(kind)), cpu, preset("hq-sam-nano"));
        const encoded = await raw.encode(noise([1, 3, side, side]));
        const plain = await raw.decode!(encoded, prompts);
        const masked = await raw.decode!(encoded, { ...prompts, maskInput });
        await raw.close();
        return { encoded, plain, masked };
      }),
    );
    const grid = gridOf(side);
    expect(fused!.encoded.interm_embedding_0!.dims.slice(0, 3)).toEqual([1, grid, grid]);
    expect(fused!.plain.hq_features!.dims).toEqual([1, 8, 4 * grid, 4 * grid]);
    expect(fused!.plain.low_res_masks!.dims).toEqual([2, 5, 4 * grid, 4 * grid]);
    for (const part of ["encoded", "plain", "masked"] as const)
      for (const [name, expected] of Object.entries(reference![part])) {
        if (expected.data.length < 8) continue;
        expect([name, differenceOf(fused![part][name]!, expected) < tolerance]).toEqual([name, true]);
      }
  });
});

test("a token's logits are SAM's and HQ's added, or HQ's alone, with SAM's predicted IoU", async () => {
  const graphs = writeAll(await graphsOf("hq-sam-nano", "fused"));
  const raw = await plugin.loadRaw(graphs, cpu, preset("hq-sam-nano"));
  const image = noise([1, 3, 256, 256]);
  const encoded = await raw.encode(image);
  const shared = { points: [[[30, 60] as const, [0, 0] as const]], labels: [[1, -1]] };
  const { low_res_masks: masks, iou_predictions: iou } = await raw.decode!(encoded, shared);
  await raw.close();
  const [added, alone] = await Promise.all(
    ["hq-sam-nano", "hq-sam-nano/hq-token"].map(async (id) => {
      const variant = await plugin.load(graphs, cpu, preset(id));
      const embedding = await variant.encode({ tensor: image, geometry: geometryOf(256) });
      expect(Object.keys(embedding.skipConnections!)).toEqual(["interm_embedding_0"]);
      const point: Prompt<"model"> = { frame: "model", points: [{ x: 30, y: 60, label: 1 }] };
      const [, prediction] = await variant.decode(embedding, [box, point]);
      await variant.close();
      if (prediction?.kind !== "logits") throw new Error("logits expected");
      expect(differenceOf({ dims: [4], data: prediction.predictedIou }, { dims: [4], data: iou!.data })).toBeLessThan(
        tolerance,
      );
      return prediction.lowResLogits;
    }),
  );
  const size = 128 * 128;
  const hq = masks!.data.slice(4 * size);
  for (let token = 0; token < 4; token++) {
    const part = { dims: [size], data: masks!.data.slice(token * size, (token + 1) * size) };
    const sum = { dims: [size], data: part.data.map((value, i) => value + hq[i]!) };
    const ofToken = (logits: Tensor | undefined) => ({
      dims: [size],
      data: logits!.data.slice(token * size, (token + 1) * size),
    });
    expect(differenceOf(ofToken(added), sum)).toBeLessThan(tolerance);
    expect(differenceOf(ofToken(alone), { dims: [size], data: hq })).toBeLessThan(tolerance);
  }
});

test("the encoder is SAM's: the image embedding is the same to the last bit", async () => {
  const image = noise([1, 3, 256, 256]);
  const [own, plain] = await Promise.all([
    loadRawHqSam(writeAll(await graphsOf("hq-sam-nano", "fused")), cpu, preset("hq-sam-nano")),
    sam.loadRaw(writeAll(await graphsOf("sam-nano", "fused", seededCheckpoint(), sam)), cpu),
  ]);
  const encoded = await own.encode(image);
  expect(encoded.image_embedding).toEqual((await plain.encode(image)).image_embedding);
  await own.close();
  await plain.close();
});

// Other blocks would give other values only: the shapes are the same.
test.each([
  ["hq-sam-b", 2],
  ["hq-sam-l", 5],
  ["hq-sam-h", 7],
  ["hq-sam-nano", 2],
])("the early tokens of %s are those after block %i, the first global one", async (id, block) => {
  for (const kind of kinds) {
    const { nodes } = (await graphsOf(id, kind)).find(({ name }) => name === "encoder")!;
    const at = nodes.findIndex(({ outputs }) => outputs.includes("interm_embedding_0"));
    const blockOf = (from: readonly (typeof nodes)[number][]) =>
      from.flatMap(({ outputs }) => /blocks\.(\d+)/.exec(outputs[0]!)?.[1] ?? [])[0];
    expect(blockOf(nodes.slice(0, at).toReversed())).toBe(String(block));
    expect(blockOf(nodes.slice(at))).toBe(String(block + 1));
  }
});

describe("counts", () => {
  test.each([
    ["hq-sam-b", 94_806_576],
    ["hq-sam-l", 313_676_080],
    ["hq-sam-h", 642_686_000],
    ["hq-sam-light", 10_578_604],
  ])("%s has the authors' %i parameters, buffers left out", async (id, parameters) => {
    for (const kind of kinds) expect(parametersOf(await graphsOf(id, kind))).toBe(parameters);
  });

  // torch's FlopCounter, halved, over the authors' modules: encoder, decoder for a box, and the HQ features, to two digits.
  test.each([
    ["hq-sam-b", 486.0, 4.24, 4.2],
    ["hq-sam-l", 1492.8, 4.24, 5.2],
    ["hq-sam-h", 2980.5, 4.24, 6.3],
    ["hq-sam-light", 38.8, 4.24, 1.6],
  ])(
    "%s has the multiply-accumulates that PyTorch counts in the authors' modules",
    async (id, encode, decode, features) => {
      const graphs = await graphsOf(id, "reference");
      const gmacs = (graph: string) => boxMacs(graphs.find(({ name }) => name === graph)!) / 1e9;
      expect(Math.abs(gmacs("encoder") / encode - 1)).toBeLessThan(0.005);
      expect(Math.abs(gmacs("decoder") / decode - 1)).toBeLessThan(0.005);
      expect(gmacs("decoder-image").toFixed(1)).toBe(features.toFixed(1));
    },
  );
});

describe("checkpoints", () => {
  test.each([
    ["hq-sam-b", "hq_sam_vit_b.json"],
    ["hq-sam-light", "hq_sam_vit_tiny.json"],
  ])("%s takes or discards all that the published file holds", async (id, fixture) => {
    const published = publishedShapes(fixture);
    const taken = await takenOf(id);
    const unused = /\.num_batches_tracked$|\.attention_bias_idxs$/;
    expect([...taken].sort()).toEqual([...published].filter(([name]) => !unused.test(name)).sort());
  });

  test("a file with Light HQ-SAM's published names fits it alone, and bench inspect says so", async () => {
    const file = join(folder, "sam_hq_vit_tiny.safetensors");
    writeSeededFile(file, publishedShapes("hq_sam_vit_tiny.json"));
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    expect(console.said.out).toMatch(/^variant +hq-sam-light$/m);
    expect(console.said.out).toMatch(/^parameters +10,578,604$/m);
    expect(await fittingIds(file)).toEqual(["hq-sam-light"]);
  });

  test("a file in the layout of HQ-SAM's ViTs fits the size that it is of, and is refused as SAM's by name", async () => {
    const file = join(folder, "nano.safetensors");
    writeSeededFile(file, await takenOf("hq-sam-nano"));
    expect(await fittingIds(file)).toEqual(["hq-sam-nano"]);
    await expect(open("sam-nano", file)).rejects.toMatchObject({
      hint: expect.stringMatching(/^this is a checkpoint of hq-sam-nano/),
    });
    const { checkpoint } = await open("hq-sam-nano/hq-token", file);
    checkpoint.close();
  });

  test("SAM's checkpoint is refused by name", async () => {
    const file = join(folder, "sam.safetensors");
    const sizes = sam.presets.find(({ id }) => id === "sam-nano")!;
    writeSeededFile(file, await shapesTaken((checkpoint) => sam.build(contextOf(sizes, "fused", checkpoint))));
    await expect(open("hq-sam-nano", file)).rejects.toMatchObject({
      hint: expect.stringMatching(/^this is a checkpoint of sam-nano/),
    });
  });
});

// Seeded values hardly see epsilons, and see the form of GELU in the fourth digit.
test("norms of the HQ head add 1e-6, and its GELUs are exact, in both graphs", async () => {
  for (const name of ["decoder-image", "decoder"]) {
    const [fused, reference] = await Promise.all(
      kinds.map(async (kind) => (await graphsOf("hq-sam-nano", kind)).find((graph) => graph.name === name)!),
    );
    // In the decoder the last two are the upscaling's and the HQ head's; those of the transformer are 1e-5.
    const norms = fused!.nodes.filter(({ operator }) => operator === "LayerNormalization").slice(-2);
    expect(norms.map(({ attributes }) => attributes.epsilon)).toEqual([{ float: 1e-6 }, { float: 1e-6 }]);
    const gelus = fused!.nodes.filter(({ operator }) => operator === "Gelu" || operator === "BiasGelu");
    expect(gelus.every(({ attributes }) => attributes.approximate === undefined)).toBe(true);
    const after = (operator: string) =>
      reference!.nodes.filter((node) => node.operator === operator).map(({ inputs }) => inputs[0]!);
    const variances = after("Sqrt").map((input) => reference!.nodes.find(({ outputs }) => outputs[0] === input)!);
    expect(variances.map(({ inputs }) => inputs[1])).toEqual(["number[0.000001]", "number[0.000001]"]);
    expect(after("Erf").length).toBe(gelus.length);
  }
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const context = contextOf(preset("hq-sam-b"), "fused", seededCheckpoint());
  await expect(plugin.build({ ...context, side: 1000 })).rejects.toThrow(
    "hq-sam-b: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

function tinyGraphs(kind: GraphKind): OnnxGraph[] {
  const config: HqSamConfig = onTinyVit(mobileSamConfigs["mobilesam-nano"]);
  const checkpoint = seededCheckpoint();
  const decoder = kind === "fused" ? maskDecoder : referenceMaskDecoder;
  return [
    imageEncoder(config, checkpoint, kind),
    (kind === "fused" ? decoderImage : referenceFeatures)(config, checkpoint),
    decoder(config, checkpoint, "points and boxes"),
    decoder(config, checkpoint, "points, boxes and a mask"),
  ];
}

/** Both toy encoders have as many tokens along a side: 8 px a token, or 16. */
function gridOf(side: number): number {
  return side === 256 ? 32 : side / 16;
}

function preset(id: string): VariantManifest {
  return plugin.presets.find((each) => each.id === id)!;
}

function contextOf(manifest: VariantManifest, graph: GraphKind, checkpoint: Checkpoint) {
  return { preset: manifest, graph, checkpoint, out: { write: async () => undefined } };
}

async function graphsOf(
  id: string,
  kind: GraphKind,
  checkpoint = seededCheckpoint(),
  from: VariantPlugin = plugin,
): Promise<OnnxGraph[]> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  const manifest = from.presets.find((each) => each.id === id)!;
  await from.build({ preset: manifest, checkpoint, graph: kind, out: { write } });
  return graphs;
}

async function takenOf(id: string): Promise<Shapes> {
  return shapesTaken((checkpoint) => plugin.build(contextOf(preset(id), "fused", checkpoint)));
}

function publishedShapes(fixture: string): Shapes {
  const text = readFileSync(fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url)), "utf8");
  return new Map(Object.entries((JSON.parse(text) as { state_dict: Record<string, number[]> }).state_dict));
}

/** Returns the ids of published architectures and nano presets; methods that run on their checkpoints have a slash in their ids. */
async function fittingIds(file: string): Promise<readonly string[]> {
  const archive = await openTensorArchive(file);
  const fitting = await fittingVariants(await loadRegistry(), archive);
  archive.close();
  return fitting;
}

async function open(id: string, file: string) {
  const registry = await loadRegistry();
  return openWeights({ variant: registry.variants.get(id)!, weights: { source: "checkpoint", file } }, registry);
}

function writeAll(graphs: readonly OnnxGraph[]): Record<string, string> {
  const place = mkdtempSync(join(folder, "graphs-"));
  return Object.fromEntries(graphs.map((graph) => [graph.name, writeGraph(graph, place)]));
}

function geometryOf(side: number) {
  const size = { height: side, width: side };
  return { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
}

function noise(dims: readonly number[]): Tensor {
  return { dims, data: seededTensor("input.pos_embed", dims).map((value) => 4 * value) };
}
