import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Checkpoint,
  GraphFiles,
  ModelInput,
  OnnxGraph,
  Prompt,
  RgbImage,
  Rle,
  Tensor,
  Variant,
  VariantManifest,
} from "../../harness/api.ts";
import { prepare } from "../../harness/image/index.ts";
import { areaOf, intersectionArea, maskFromLogits, union } from "../../harness/mask/index.ts";
import { openSession, readSignature, writeGraph } from "../../harness/onnx/index.ts";
import { openCheckpoint, seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import { type EfficientSamConfig, efficientSamConfigs } from "../efficientsam/config.ts";
import { imageEncoder as efficientEncoder } from "../efficientsam/imageEncoder.ts";
import { loadEfficientSam } from "../efficientsam/load.ts";
import { maskDecoder as efficientDecoder, decoderImage as efficientDecoderImage } from "../efficientsam/maskDecoder.ts";
import { type SamConfig, samConfigs } from "../sam/config.ts";
import { imageEncoder } from "../sam/imageEncoder.ts";
import { loadSam } from "../sam-decoder/load.ts";
import { decoderImage, maskDecoder } from "../sam-decoder/maskDecoder.ts";
import { referenceMaskDecoder } from "../sam-decoder/reference.ts";
import {
  efficientSamGraphs,
  type LayoutGraphs,
  officialDecoder,
  plainEncoder,
  preprocessingEncoder,
  samexporterSam2Graphs,
  transformersSam2Graphs,
  transformersSamGraphs,
} from "./fixtures/layoutGraphs.ts";
import { recognise } from "./recognise.ts";
import plugin from "./variant.ts";

const cpu = { provider: "cpu", threads: 2 };
/** Of the output's std: what float32 sums in another order come to, with room. */
const tolerance = 5e-5;
const nano: SamConfig = samConfigs["sam-nano"];
/** With SAM's 16 px a token: a frame's side follows from the decoder where the encoder leaves it open. */
const coarse: SamConfig = { ...nano, patch: 16, window: 7, decoder: { ...nano.decoder, grid: 16 } };
const coarseEfficient: EfficientSamConfig = {
  ...efficientSamConfigs["efficientsam-nano"],
  ...{ patch: 16, depth: 2, decoder: { ...efficientSamConfigs["efficientsam-nano"].decoder, grid: 16 } },
};

const point: Prompt<"model"> = { frame: "model", points: [{ x: 100, y: 80, label: 1 }] };
const points: Prompt<"model"> = {
  frame: "model",
  points: [
    { x: 31.5, y: 80, label: 1 },
    { x: 200, y: 20, label: 0 },
    { x: 120, y: 100, label: 1 },
  ],
};
const box: Prompt<"model"> = { frame: "model", points: [], box: { x0: 20, y0: 30.25, x1: 180, y1: 150 } };
const both: Prompt<"model"> = { ...box, points: [{ x: 90, y: 90, label: 1 }] };

/** Several layouts are compared with one variant. */
const builtIns = new Map<string, Promise<Variant>>();
function once(name: string, build: () => Promise<Variant>): Promise<Variant> {
  const known = builtIns.get(name) ?? build();
  builtIns.set(name, known);
  return known;
}
const efficientOnce = () => once("efficient", builtInEfficient);

let folder: string;
let trained: Checkpoint;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  trained = await openCheckpoint(fileURLToPath(new URL("../sam/sam-nano.safetensors", import.meta.url)));
});
afterAll(async () => {
  for (const variant of builtIns.values()) await (await variant).close();
  trained.close();
  rmSync(folder, { recursive: true });
});

/** A layout's graphs beside the built-in variant of the same weights. */
interface Case {
  readonly title: RegExp;
  readonly graphs: () => LayoutGraphs;
  readonly builtIn: () => Promise<Variant>;
  /** The built-in's token that the layout's first mask is. */
  readonly firstToken: 0 | 1;
  readonly lacks: VariantManifest["lacks"];
  readonly prompts: readonly Prompt<"model">[];
}

const masked = (): Prompt<"model"> => ({ ...point, mask: noise([1, 128, 128]) });
const cases: readonly (Case & { readonly name: string })[] = [
  {
    ...{ name: "SAM's official decoder with an encoder of other names", title: /official decoder export/ },
    graphs: () => ({
      encoder: plainEncoder(nano, trained, "images", "embeddings"),
      decoder: officialDecoder(nano, trained),
    }),
    ...{ builtIn: () => once("nano", () => builtInSam(nano, trained)), firstToken: 0, lacks: [] },
    prompts: [point, points, box, both, masked()],
  },
  {
    ...{ name: "samexporter's SAM", title: /^ONNX files: samexporter, SAM or MobileSAM$/ },
    graphs: () => ({
      encoder: plainEncoder(coarse, seededCheckpoint(), "input_image", "image_embeddings"),
      decoder: officialDecoder(coarse, seededCheckpoint()),
    }),
    ...{
      builtIn: () => once("coarse", () => builtInSam(coarse, seededCheckpoint())),
      firstToken: 0,
      lacks: [],
      prompts: [box, points],
    },
  },
  {
    ...{ name: "samexporter's SAM with pre-processing in the graph", title: /with pre-processing in the encoder/ },
    graphs: () => ({
      encoder: preprocessingEncoder(coarse, seededCheckpoint()),
      decoder: officialDecoder(coarse, seededCheckpoint()),
    }),
    ...{
      builtIn: () => once("coarse", () => builtInSam(coarse, seededCheckpoint())),
      firstToken: 0,
      lacks: [],
      prompts: [box, points],
    },
  },
  {
    ...{ name: "transformers.js' SAM", title: /transformers\.js, SAM or SlimSAM/ },
    graphs: () => transformersSamGraphs(nano, trained),
    ...{ builtIn: () => once("nano", () => builtInSam(nano, trained)), firstToken: 1 },
    ...{ lacks: ["single-mask-token", "mask-input", "box-prompt"], prompts: [point, points, { ...point }] },
  },
  {
    ...{ name: "transformers.js' SAM 2", title: /transformers\.js, SAM 2/ },
    graphs: () => transformersSam2Graphs(coarse, seededCheckpoint()),
    ...{ builtIn: () => once("coarse", () => builtInSam(coarse, seededCheckpoint())), firstToken: 1 },
    ...{ lacks: ["single-mask-token", "mask-input"], prompts: [point, box, both, points] },
  },
  {
    ...{ name: "samexporter's SAM 2", title: /samexporter, SAM 2/ },
    graphs: () => samexporterSam2Graphs(coarse, seededCheckpoint()),
    ...{
      builtIn: () => once("coarse", () => builtInSam(coarse, seededCheckpoint())),
      firstToken: 1,
      lacks: ["single-mask-token"],
      prompts: [point, points],
    },
  },
  {
    ...{ name: "EfficientSAM's split export", title: /EfficientSAM's split export/ },
    graphs: () => efficientSamGraphs(coarseEfficient, seededCheckpoint(), "num_points"),
    ...{ builtIn: efficientOnce, firstToken: 0 },
    ...{ lacks: ["single-mask-token", "mask-input"], prompts: [point, points, box, both] },
  },
];

describe.each(cases)("$name", ({ title, graphs, builtIn, firstToken, lacks, prompts }) => {
  test("is recognised, whichever file comes first, and gives the built-in variant's masks", async () => {
    const { preset, files } = await recognised(graphs());
    expect(preset.title).toMatch(title);
    expect(preset.notes[0]).toMatch(/^encoder\.onnx and decoder\.onnx, taken as: /);
    expect(preset.lacks).toEqual(lacks);
    expect(preset.input.side).toBe(256);
    const [given, own] = [await plugin.load(files, cpu, preset), await builtIn()];
    const [embedding, expected] = [await given.encode(prepare(photo, preset.input)), await own.encode(inputOf(preset))];
    const [found, wanted] = [await given.decode(embedding, prompts), await own.decode(expected, prompts)];
    for (const [i, prediction] of found.entries()) {
      const [ours, theirs] = [logitsOf(prediction), logitsOf(wanted[i])];
      const count = ours.predictedIou.length;
      expect(count).toBe(theirs.predictedIou.length - firstToken);
      for (let token = 0; token < count; token++) {
        const [a, b] = [tokenOf(ours.lowResLogits, token), tokenOf(theirs.lowResLogits, token + firstToken)];
        expect(differenceOf(a, b)).toBeLessThan(tolerance);
        expect(ours.predictedIou[token]).toBeCloseTo(theirs.predictedIou[token + firstToken]!, 4);
        const masks = [a, b].map(({ data }) => maskFromLogits(data, embedding.geometry, preset.mask));
        expect(pixelsApart(masks[0]!, masks[1]!)).toBeLessThanOrEqual(3);
      }
    }
    await given.close();
  });
});

test("a box reaches samexporter's SAM 2 as two points with labels of their own", async () => {
  const { preset, files } = await recognised(samexporterSam2Graphs(coarse, seededCheckpoint()));
  const variant = await plugin.load(files, cpu, preset);
  const embedding = await variant.encode(prepare(photo, preset.input));
  const [prediction] = await variant.decode(embedding, [box]);
  await variant.close();

  // The graph appends a padding point even to a box.
  const encoder = await openSession(write(plainEncoder(coarse, seededCheckpoint(), "image", "embedding")), cpu);
  const { embedding: image } = await encoder.run({ image: prepare(photo, preset.input).tensor });
  const decoder = await openSession(
    write(referenceMaskDecoder(coarse.decoder, seededCheckpoint(), "points and boxes")),
    cpu,
  );
  const { x0, y0, x1, y1 } = box.box!;
  const { low_res_masks } = await decoder.run({
    image_embedding: image!,
    point_coords: { dims: [1, 3, 2], data: Float32Array.of(x0, y0, x1, y1, 0, 0) },
    point_labels: { dims: [1, 3], data: Float32Array.of(2, 3, -1) },
  });
  for (const session of [encoder, decoder]) await session.close();
  const expected = { dims: [4, 64, 64], data: low_res_masks!.data };
  const { lowResLogits } = logitsOf(prediction);
  for (const token of [0, 1, 2])
    expect(differenceOf(tokenOf(lowResLogits, token), tokenOf(expected, token + 1))).toBeLessThan(tolerance);
});

test("prompts that a layout has no input for are refused by name", async () => {
  const refusal = async (graphs: LayoutGraphs, prompt: Prompt<"model">) => {
    const { preset, files } = await recognised(graphs);
    const variant = await plugin.load(files, cpu, preset);
    const embedding = await variant.encode(prepare(photo, preset.input));
    const error = await variant.decode(embedding, [prompt]).catch((reason: Error) => reason);
    await variant.close();
    return (error as Error).message;
  };
  expect(await refusal(transformersSamGraphs(coarse, seededCheckpoint()), box)).toContain(
    "the decoder takes points alone",
  );
  expect(await refusal(transformersSam2Graphs(coarse, seededCheckpoint()), masked())).toContain(
    "the decoder has no input for one",
  );
  const one = efficientSamGraphs(coarseEfficient, seededCheckpoint(), 1);
  expect(await refusal(one, box)).toBe(
    "decoder.onnx: a prompt holds too many points (found 2, a box counting as two, expected at most 1, as the decoder was exported)",
  );
});

test("an EfficientSAM decoder that was exported for a number of points gets it, padding included", async () => {
  const five = await recognised(efficientSamGraphs(coarseEfficient, seededCheckpoint(), 5));
  const one = await recognised(efficientSamGraphs(coarseEfficient, seededCheckpoint(), 1));
  expect([five.preset.lacks, one.preset.lacks].map((lacks) => lacks.includes("box-prompt"))).toEqual([false, true]);
  const [given, own] = [await plugin.load(five.files, cpu, five.preset), await efficientOnce()];
  const input = prepare(photo, five.preset.input);
  const [found] = await given.decode(await given.encode(input), [box]);
  const [wanted] = await own.decode(await own.encode(input), [box]);
  expect(differenceOf(logitsOf(found).lowResLogits, logitsOf(wanted).lowResLogits)).toBeLessThan(tolerance);
  await given.close();
});

test("a decoder that chooses one mask by itself lacks the single-mask token; its count is found by running it", async () => {
  const whole = officialDecoder(coarse, seededCheckpoint());
  const open = {
    ...whole,
    outputs: whole.outputs.map((value) => ({ ...value, dims: value.dims.map((_, i) => `d${"abcd"[i]}`) })),
  };
  const encoder = plainEncoder(coarse, seededCheckpoint(), "input_image", "image_embeddings");
  expect((await recognised({ encoder, decoder: open })).preset.lacks).toEqual([]);

  const cut = (name: string) => ({
    operator: "Slice",
    domain: "",
    inputs: [`${name}_all`, "from", "to", "axis"],
    outputs: [name],
    attributes: {},
  });
  const renamed = new Map(["low_res_masks", "iou_predictions"].map((name) => [name, `${name}_all`]));
  const ints = (name: string, number: number) => ({
    name,
    type: "int64" as const,
    dims: [1],
    bytes: 8,
    read: () => BigInt64Array.of(BigInt(number)),
  });
  const single: OnnxGraph = {
    ...open,
    constants: [...open.constants, ints("from", 2), ints("to", 3), ints("axis", 1)],
    nodes: [
      ...open.nodes.map((node) => ({
        ...node,
        outputs: node.outputs.map((name) => renamed.get(name) ?? name),
        inputs: node.inputs.map((name) => renamed.get(name) ?? name),
      })),
      ...[...renamed.keys()].map(cut),
    ],
  };
  const { preset, files } = await recognised({ encoder, decoder: single });
  expect(preset.lacks).toEqual(["single-mask-token"]);
  expect(preset.notes.join()).toContain("--return-single-mask");
  const variant = await plugin.load(files, cpu, preset);
  const [prediction] = await variant.decode(await variant.encode(prepare(photo, preset.input)), [box]);
  expect(logitsOf(prediction).lowResLogits.dims).toEqual([1, 64, 64]);
  await variant.close();
});

/** 150 x 200: wider than high, so that a frame has padding. */
const photo: RgbImage = {
  size: { height: 150, width: 200 },
  pixels: Uint8Array.from({ length: 150 * 200 * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 200, Math.floor(i / 600)];
    return (x - 90) ** 2 + (y - 80) ** 2 < 2500 ? 220 - (i % 3) * 40 : 60 + ((x + y) % 40) + (i % 3) * 10;
  }),
};

/** As the built-in variant of the layout's weights takes it: the harness does all the pre-processing. */
function inputOf({ input, title }: VariantManifest): ModelInput {
  const spec = title.includes("with pre-processing")
    ? { ...input, mean: [123.675, 116.28, 103.53] as const, std: [58.395, 57.12, 57.375] as const }
    : input;
  return prepare(photo, spec);
}

async function recognised(graphs: LayoutGraphs) {
  const place = mkdtempSync(join(folder, "files-"));
  const files = [writeGraph(graphs.encoder, place), writeGraph(graphs.decoder, place)];
  const found = await recognise("mine", files.map(readSignature));
  expect(await recognise("mine", [...files].reverse().map(readSignature))).toEqual(found);
  expect(found.files).toEqual({ encoder: files[0], decoder: files[1] });
  return found;
}

function write(graph: OnnxGraph): string {
  return writeGraph(graph, mkdtempSync(join(folder, "graph-")));
}

function filesOf(graphs: readonly OnnxGraph[]): GraphFiles {
  return Object.fromEntries(graphs.map((graph) => [graph.name, write(graph)]));
}

function builtInSam(config: SamConfig, checkpoint: Checkpoint): Promise<Variant> {
  const graphs = [
    imageEncoder(config, checkpoint),
    decoderImage(config.decoder, checkpoint),
    maskDecoder(config.decoder, checkpoint, "points and boxes"),
    maskDecoder(config.decoder, checkpoint, "points, boxes and a mask"),
  ];
  return loadSam(filesOf(graphs), cpu);
}

function builtInEfficient(): Promise<Variant> {
  const { decoder } = coarseEfficient;
  const checkpoint = seededCheckpoint();
  const graphs = [
    efficientEncoder(coarseEfficient, checkpoint),
    efficientDecoderImage(decoder, checkpoint),
    efficientDecoder(decoder, checkpoint),
  ];
  return loadEfficientSam(filesOf(graphs), cpu);
}

function logitsOf(prediction: Awaited<ReturnType<Variant["decode"]>>[number] | undefined) {
  if (prediction?.kind !== "logits") throw new Error("logits expected");
  return prediction;
}

function tokenOf({ dims, data }: Tensor, token: number): Tensor {
  const size = dims[1]! * dims[2]!;
  return { dims: dims.slice(1), data: data.subarray(token * size, (token + 1) * size) };
}

/** On values near 0 two sums may fall to either side. */
function pixelsApart(a: Rle, b: Rle): number {
  return areaOf(union([a, b])) - intersectionArea(a, b);
}

function noise(dims: readonly number[]): Tensor {
  return { dims, data: seededTensor("mask.pos_embed", dims).map((value) => 20 * value) };
}

/** The largest difference, over the std of `b`. */
function differenceOf(a: Tensor, b: Tensor): number {
  expect(a.dims).toEqual(b.dims);
  const largest = a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
  const mean = b.data.reduce((sum, value) => sum + value, 0) / b.data.length;
  return largest / Math.sqrt(b.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / b.data.length);
}
