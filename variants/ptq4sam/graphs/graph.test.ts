import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NamedTensors, OnnxGraph, Tensor } from "../../../harness/api.ts";
import { writeGraph } from "../../../harness/onnx/index.ts";
import { random } from "../../../harness/stats/random.ts";
import { seededCheckpoint, seededTensor } from "../../../harness/weights/index.ts";
import { samConfigs } from "../../sam/config.ts";
import { imageEncoder } from "../../sam/imageEncoder.ts";
import { samDecoder } from "../../sam-decoder/config.ts";
import { loadRawSam } from "../../sam-decoder/load.ts";
import { decoderImage, maskDecoder } from "../../sam-decoder/maskDecoder.ts";
import { floatPlaces } from "../calibrate/places.ts";
import { tokenToImagePaths } from "./decoderStages.ts";
import { withFoldedValueBias } from "./foldedBias.ts";
import { withSigns } from "./simulated.ts";
import { type Model, wholeGraph } from "./stages.ts";

interface Sampled {
  readonly std: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

interface Golden {
  readonly input: {
    readonly tensor: string;
    readonly scale: number;
    readonly offset: number;
    readonly shape: number[];
  };
  readonly image_embedding: Sampled;
  readonly low_res_masks: Sampled;
  readonly points: readonly (readonly [number, number][])[];
  readonly labels: readonly (readonly number[])[];
}

const nano = golden("sam_nano.json");
const padded = golden("sam_nano_pad.json");
const cpu = { provider: "cpu", threads: 2 };
const model: Model = { config: samConfigs["sam-nano"], checkpoint: seededCheckpoint() };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

// 32 x 32 tokens in windows of 7 are padded to 35 x 35, and padding takes part in attention.
test.each([
  ["in whole windows", nano, 8],
  ["in padded windows", padded, 7],
] as const)("without quantisers the graph has the masks of the authors' code, %s", async (_, expected, window) => {
  const outputs = await outputsOf({ ...model, config: { ...samConfigs["sam-nano"], window } }, expected);
  expect(errorOf(outputs.image_embedding!, expected.image_embedding)).toBeLessThan(5e-5);
  expect(errorOf(outputs.low_res_masks!, expected.low_res_masks)).toBeLessThan(5e-5);
});

test("signs folded into queries and keys leave the masks as they were", async () => {
  const stream = random(0, "signs");
  const channels = samConfigs["sam-nano"].decoder.embedding / 2;
  const signs = new Map(
    tokenToImagePaths.map((path) => [path, Array.from({ length: channels }, () => (stream.next() < 0.5 ? -1 : 1))]),
  );
  const plain = await outputsOf(model, nano);
  const folded = await outputsOf({ ...model, checkpoint: withSigns(model.checkpoint, signs) }, nano);
  const a = plain.low_res_masks!.data;
  const b = folded.low_res_masks!.data;
  const largest = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
  expect(largest / nano.low_res_masks.std).toBeLessThan(1e-4);
  const name = `${tokenToImagePaths[0]}.k_proj.weight`;
  const read = ({ checkpoint }: Model) => checkpoint.take(name, [channels, 64]).read();
  const before = read(model);
  const after = read({ ...model, checkpoint: withSigns(model.checkpoint, signs) });
  expect(after).not.toEqual(before);
});

test("a mask prompt has the masks of the fused decoder", async () => {
  const mask = { dims: [3, 1, 128, 128], data: seededTensor("mask", [3, 1, 128, 128]).map((value) => 9 * value) };
  const ours = await outputsOf(model, nano, mask);
  const { config, checkpoint } = model;
  const fused = [
    imageEncoder(config, checkpoint),
    decoderImage(config.decoder, checkpoint, samDecoder),
    maskDecoder(config.decoder, checkpoint, "points, boxes and a mask"),
  ];
  const theirs = await run(fused, nano, mask);
  const a = ours.low_res_masks!.data;
  const b = theirs.low_res_masks!.data;
  expect(a.length).toBe(b.length);
  const largest = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
  expect(largest / nano.low_res_masks.std).toBeLessThan(1e-4);
});

function outputsOf(quantizable: Model, prompts: Golden, mask?: Tensor): Promise<NamedTensors> {
  const names = ["encoder", mask === undefined ? "decoder" : "decoder-mask"] as const;
  const graphs = names.map((name) => wholeGraph(quantizable, name, () => floatPlaces));
  return run(graphs, prompts, mask);
}

test("values' biases moved through attention leave the masks as they were", async () => {
  const folded = await outputsOf({ ...model, checkpoint: withFoldedValueBias(model.checkpoint, model.config) }, nano);
  expect(errorOf(folded.low_res_masks!, nano.low_res_masks)).toBeLessThan(5e-5);
});

async function run(
  graphs: readonly OnnxGraph[],
  { input, points, labels }: Golden,
  maskInput?: Tensor,
): Promise<NamedTensors> {
  const raw = await loadRawSam(write(graphs), cpu);
  const encoded = await raw.encode(seeded(input));
  const decoded = await raw.decode!(encoded, { points, labels, maskInput });
  await raw.close();
  return { ...encoded, ...decoded };
}

function write(graphs: readonly OnnxGraph[]): Record<string, string> {
  return Object.fromEntries(graphs.map((graph) => [graph.name, writeGraph(graph, folder)]));
}

function seeded({ tensor, scale, offset, shape }: Golden["input"]): Tensor {
  return { dims: shape, data: seededTensor(tensor, shape).map((value) => value * scale + offset) };
}

function errorOf({ data }: Tensor, { std, index, value }: Sampled): number {
  return Math.max(...index.map((at, i) => Math.abs(data[at]! - value[i]!))) / std;
}

function golden(file: string): Golden {
  return JSON.parse(readFileSync(new URL(`../../sam/fixtures/${file}`, import.meta.url), "utf8")) as Golden;
}
