import { describe, expect, test } from "vitest";
import type { OnnxGraph, Tensor } from "../../../harness/api.ts";
import { runGraph } from "../../../harness/onnx/fixtures/runGraph.ts";
import { seededCheckpoint, seededTensor } from "../../../harness/weights/index.ts";
import type { SamConfig } from "../../sam/config.ts";
import { samConfigs } from "../../sam/config.ts";
import { imageEncoder } from "../../sam/imageEncoder.ts";
import { directEncoder } from "../fixtures/directEncoder.ts";
import { keptCount, type Sparsity } from "../sparsity.ts";
import { sparseImageEncoder } from "./imageEncoder.ts";

/**
 * Sizes of 10 x 10 tokens in windows of 4: there are nine windows, of which five are partly padding, and stages of two and
 * three windowed blocks.
 */
const small: SamConfig = {
  side: 80,
  patch: 8,
  width: 24,
  depth: 7,
  heads: 2,
  window: 4,
  globalBlocks: [2, 6],
  decoder: { embedding: 16, heads: 2, mlp: 32, iouHead: 16, side: 80, grid: 10 },
};
/** The largest error allowed, over the output's std. */
const tolerance = 1e-5;
const whole = (config: SamConfig): Sparsity => ({ ratios: new Array<number>(config.depth).fill(0), globalKeep: 1 });

describe.each<[string, Sparsity]>([
  ["one ratio a stage", { ratios: [0.5, 0.5, 0, 0.2, 0.2, 0.2, 0], globalKeep: 1 }],
  ["ratios that grow within a stage", { ratios: [0, 0.8, 0, 0.1, 0.1, 0.7, 0], globalKeep: 1 }],
  ["most windows kept, the padded ones among them", { ratios: [0.1, 0.1, 0, 0, 0.1, 0.2, 0], globalKeep: 1 }],
  ["tokens left out of global blocks too", { ratios: [0.5, 0.5, 0, 0.3, 0.3, 0.3, 0], globalKeep: 0.6 }],
])("%s", (_, sparsity) => {
  test("gives what gather, block and scatter give when written out", async () => {
    const checkpoint = seededCheckpoint();
    const input = imageOf(small);
    const outputs = await runGraph(sparseImageEncoder(small, sparsity, checkpoint), { image: input });
    const windows = sparsity.ratios.map((ratio) => keptCount(9, ratio));
    const globalTokens = keptCount(100, 1 - sparsity.globalKeep);
    const direct = directEncoder(small, { windows, globalTokens }, checkpoint, input);
    expect(largestDifference(outputs.image_embedding!.data, direct.embedding)).toBeLessThan(
      tolerance * std(direct.embedding),
    );
    for (const [name, { dims, data }] of Object.entries(outputs)) {
      if (name === "image_embedding") continue;
      expect(dims).toEqual([10, 10]);
      const block = Number(/\d+/.exec(name)![0]);
      expect([...data], name).toEqual(mapOf(block, direct.kept[block]!));
    }
  });
});

/** Returns a map with 1 for tokens of these windows, or for these tokens where the block is global. */
function mapOf(block: number, kept: readonly number[]): number[] {
  return Array.from({ length: 100 }, (_, token) => {
    const window = Math.floor(Math.floor(token / 10) / 4) * 3 + Math.floor((token % 10) / 4);
    return Number(kept.includes(small.globalBlocks.includes(block) ? token : window));
  });
}

test.each([
  ["padded windows", small],
  ["sam-nano", samConfigs["sam-nano"]],
])("with every ratio 0 it is SAM's encoder: %s", async (_, config) => {
  const image = imageOf(config);
  const ours = await runGraph(sparseImageEncoder(config, whole(config), seededCheckpoint()), { image });
  const sam = await runGraph(imageEncoder(config, seededCheckpoint()), { image });
  const expected = sam.image_embedding!.data;
  expect(Object.keys(ours)).toEqual(["image_embedding"]);
  expect(largestDifference(ours.image_embedding!.data, expected)).toBeLessThan(tolerance * std(expected));
});

test("another ratio gives another embedding, so the comparisons above can fail", async () => {
  const image = imageOf(small);
  const run = (ratio: number) =>
    runGraph(sparseImageEncoder(small, { ratios: [ratio, ratio, 0, 0, 0, 0, 0], globalKeep: 1 }, seededCheckpoint()), {
      image,
    });
  const a = (await run(0.5)).image_embedding!.data;
  const b = (await run(0.6)).image_embedding!.data;
  expect(largestDifference(a, [...b])).toBeGreaterThan(1e-3 * std(a));
});

test("work falls with the ratio: multiply-accumulates of sam-vit-b by hand", () => {
  const config = samConfigs["sam-vit-b"];
  const gmacs = (ratio: number) => {
    const ratios = Array.from({ length: 12 }, (_, block) => (config.globalBlocks.some((b) => b === block) ? 0 : ratio));
    return macsOf(sparseImageEncoder(config, { ratios, globalKeep: 1 }, seededCheckpoint()));
  };
  // At 0.5, 12 of 25 windows stay. A windowed block: projections and MLP on its tokens (keys and values on the padding token
  // too), terms of relative positions, and attention 64 + 28 wide for scores, 64 for values.
  const block = (tokens: number, windows: number) =>
    (tokens * 12 + 2) * 768 ** 2 + windows * 196 * 12 * (64 * 28 + 196 * (92 + 64));
  expect(gmacs(0) - gmacs(0.5)).toBe(8 * (block(4096, 25) - block(12 * 196, 12)));
});

function macsOf({ counts }: OnnxGraph): number {
  return [...counts.macs().values()].reduce((sum, each) => sum + each, 0);
}

function imageOf({ side }: SamConfig): Tensor {
  const dims = [1, 3, side, side];
  return { dims, data: seededTensor("input.pos_embed", dims).map((value) => 50 * value) };
}

function largestDifference(a: Float32Array, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

function std(values: ArrayLike<number>): number {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
}
