import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GraphFiles, MaskPrediction, ModelInput, Prompt, Tensor } from "../../harness/api.ts";
import { add, GraphBuilder, mul, reshape, writeGraph } from "../../harness/onnx/index.ts";
import { loadRawSam, loadSam } from "./load.ts";

const cpu = { provider: "cpu", threads: 1 };
const size = { height: 2, width: 2 };
const geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
const box: Prompt<"model"> = { frame: "model", points: [], box: { x0: 0, y0: 0, x1: 1, y1: 1 } };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Gives the image times 1, 2, 3 and 4: the embedding, two outputs that a decoder may ask for, and one that none does. */
function encoder(): GraphBuilder {
  const graph = new GraphBuilder("encoder");
  const image = graph.input("image", [1, 1, 2, 2]);
  const times = (factor: number) => mul(graph, image, graph.number(factor));
  graph.output("image_embedding", times(1));
  graph.output("fine", times(2));
  graph.output("early", times(3));
  graph.output("kept_tokens.blocks", reshape(graph, times(4), [2, 2]));
  return graph;
}

/** Gives one mask, the sum of the named inputs, and a predicted IoU, for one prompt. */
function decoder(names: readonly string[]): GraphBuilder {
  const graph = new GraphBuilder("decoder");
  graph.input("point_coords", ["prompts", "points", 2]);
  const labels = graph.input("point_labels", ["prompts", "points"]);
  const inputs = names.map((name) => graph.input(name, [1, 1, 2, 2]));
  graph.output(
    "low_res_masks",
    inputs.slice(1).reduce((sum, each) => add(graph, sum, each), inputs[0]!),
  );
  const bounds = [[0], [1], [1]].map((values) => graph.ints(values));
  graph.output("iou_predictions", graph.op("Slice", [labels, ...bounds]));
  return graph;
}

/** Gives `shared`, the sum of the named inputs. */
function decoderImage(names: readonly string[]): GraphBuilder {
  const graph = new GraphBuilder("decoder-image");
  const inputs = names.map((name) => graph.input(name, [1, 1, 2, 2]));
  graph.output(
    "shared",
    inputs.slice(1).reduce((sum, each) => add(graph, sum, each), inputs[0]!),
  );
  return graph;
}

function write(...builders: readonly GraphBuilder[]): GraphFiles {
  const place = mkdtempSync(join(folder, "graphs-"));
  return Object.fromEntries(builders.map((each) => [each.name, writeGraph(each.finish(), place)]));
}

function input(...values: readonly number[]): ModelInput {
  return { tensor: tensor(...values), geometry };
}

function tensor(...values: readonly number[]): Tensor {
  return { dims: [1, 1, 2, 2], data: Float32Array.from(values) };
}

function logits(prediction: MaskPrediction | undefined): readonly number[] {
  if (prediction?.kind !== "logits") throw new Error("logits expected");
  return [...prediction.lowResLogits.data];
}

test("an embedding carries the encoder's outputs that the decoder has inputs for, and no other", async () => {
  const variant = await loadSam(write(encoder(), decoder(["image_embedding", "fine"])), cpu);
  const embedding = await variant.encode(input(1, 2, 3, 4));
  expect(embedding).toEqual({ tensor: tensor(1, 2, 3, 4), skipConnections: { fine: tensor(2, 4, 6, 8) }, geometry });
  expect(logits((await variant.decode(embedding, [box]))[0])).toEqual([3, 6, 9, 12]);
  expect((await variant.keptTokens!(input(1, 2, 3, 4))).map(({ stage }) => stage)).toEqual(["blocks"]);
  await variant.close();
});

test("what prompts share is made once an image of the skip connections that its graph asks for; the decoder is fed the others", async () => {
  const graphs = [encoder(), decoderImage(["image_embedding", "early"]), decoder(["shared", "fine"])];
  const variant = await loadSam(write(...graphs), cpu);
  const first = await variant.encode(input(1, 2, 3, 4));
  expect(Object.keys(first.skipConnections!)).toEqual(["fine", "early"]);
  expect(logits((await variant.decode(first, [box]))[0])).toEqual([6, 12, 18, 24]);
  const second = await variant.encode(input(1, 1, 1, 1));
  expect(logits((await variant.decode(second, [box]))[0])).toEqual([6, 6, 6, 6]);
  expect(logits((await variant.decode(first, [box]))[0])).toEqual([6, 12, 18, 24]);
  await variant.close();
});

test("an embedding of a decoder that takes it alone has no skip connections", async () => {
  const variant = await loadSam(write(encoder(), decoder(["image_embedding"])), cpu);
  const embedding = await variant.encode(input(1, 2, 3, 4));
  expect(embedding.skipConnections).toBeUndefined();
  expect(logits((await variant.decode(embedding, [box]))[0])).toEqual([1, 2, 3, 4]);
  await variant.close();
});

test("verification feeds a decoder with whatever the encoder gives", async () => {
  const raw = await loadRawSam(write(encoder(), decoderImage(["early"]), decoder(["shared", "fine"])), cpu);
  const encoded = await raw.encode(tensor(1, 2, 3, 4));
  expect(Object.keys(encoded)).toEqual(["image_embedding", "fine", "early", "kept_tokens.blocks"]);
  const outputs = await raw.decode!(encoded, { points: [[[0, 0]]], labels: [[1]] });
  expect([...outputs.low_res_masks!.data]).toEqual([5, 10, 15, 20]);
  await raw.close();
});
