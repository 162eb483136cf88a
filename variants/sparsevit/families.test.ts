import { describe, expect, test } from "vitest";
import type { Checkpoint, OnnxGraph, Tensor } from "../../harness/api.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { runGraph } from "../../harness/onnx/fixtures/runGraph.ts";
import { withOutputs } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { efficientTamConfigs } from "../efficienttam/config.ts";
import { imageEncoder as efficientTam } from "../efficienttam/imageEncoder.ts";
import { noise } from "../fixtures/trial.ts";
import { hqSamConfigs } from "../hq-sam/config.ts";
import { imageEncoder as hqEncoder } from "../hq-sam/imageEncoder.ts";
import { imageEncoder as tinyVit } from "../mobilesam/imageEncoder.ts";
import { imageEncoder as sam } from "../sam/imageEncoder.ts";
import { sam2Configs } from "../sam2/config.ts";
import { imageEncoder as hiera } from "../sam2/imageEncoder.ts";
import { nestedOrder } from "../sam2/tokenOrder.ts";
import { slimSamConfigs } from "../slimsam/config.ts";
import { tinySamConfigs } from "../tinysam/config.ts";
import { hieraStages } from "./encoders/hiera.ts";
import { tinyVitStages } from "./encoders/tinyVit.ts";
import { windowedModelOf } from "./families.ts";
import { sparsityOf } from "./sparsity.ts";

/** The largest difference allowed, over the std. */
const tolerance = 1e-5;

const encoders: readonly (readonly [id: string, side: number, whole: (checkpoint: Checkpoint) => OnnxGraph])[] = [
  ["slimsam-nano", 256, (checkpoint) => sam(slimSamConfigs["slimsam-nano"], checkpoint)],
  ["hq-sam-nano", 256, (checkpoint) => hqEncoder(hqSamConfigs["hq-sam-nano"], checkpoint, "fused")],
  ["tinysam-nano", 256, (checkpoint) => tinyVit(tinySamConfigs["tinysam-nano"], checkpoint)],
  [
    "efficienttam-nano",
    256,
    (checkpoint) => efficientTam(efficientTamConfigs["efficienttam-nano"], checkpoint, "embeddings"),
  ],
  ["sam2.1-nano", 256, (checkpoint) => hiera(sam2Configs.nano, checkpoint, "embeddings")],
];

test.each(encoders)(
  "with every ratio 0 it is the model's encoder, all outputs included: %s",
  async (id, side, whole) => {
    const image = noise([1, 3, side, side]);
    const ours = await runGraph(encoderOf(id, new Map()), { image });
    const model = await runGraph(whole(seededCheckpoint()), { image });
    expect(Object.keys(ours)).toEqual(Object.keys(model));
    for (const [name, expected] of Object.entries(model))
      expect(differenceOf(ours[name]!, expected), name).toBeLessThan(tolerance);
  },
);

describe("a block of Hiera, whose windows do not see each other", () => {
  const { side } = sam2Configs.nano;
  // The first has one window a cell, the others have windows of 6 and 3 tokens, which reach over the edge.
  test.each([
    [0, 0.4],
    [2, 0.4],
    [4, 0.4],
    // Four windows: all of them could be full, and those that are kept are not.
    [4, 0.5],
  ])(
    "changes the tokens of kept windows as the whole block does, and no others: block %s, ratio %s",
    async (block, ratio) => {
      const next = `image_encoder.trunk.blocks.${block + 1}.norm1.weight`;
      const image = noise([1, 3, side, side]);
      const before = `image_encoder.trunk.blocks.${block}.norm1.weight`;
      const whole = hiera(sam2Configs.nano, seededCheckpoint(), "embeddings");
      const [start, end] = await tapped(whole, [inputBefore(whole, before), inputBefore(whole, next)], image);
      const sparse = encoderOf("sam2.1-nano", new Map([[block, ratio]]));
      const [found, map] = await tapped(sparse, [inputBefore(sparse, next), `kept_tokens.block ${block}`], image);
      const width = start!.dims[2]!;
      const grid = map!.dims[0]!;
      const inCell = start!.data.length / width / grid ** 2;
      const order = inCell === 1 ? nestedOrder(grid, 8) : undefined;
      const isKept = (token: number) =>
        map!.data[order === undefined ? Math.floor(token / inCell) : order[token]!] === 1;
      const expected = start!.data.map((value, i) => (isKept(Math.floor(i / width)) ? end!.data[i]! : value));
      const kept = map!.data.reduce((sum, each) => sum + each, 0) / map!.data.length;
      expect(kept).toBeGreaterThan(0.3);
      expect(kept).toBeLessThan(0.9);
      expect(differenceOf(found!, { dims: found!.dims, data: expected })).toBeLessThan(tolerance);
    },
  );
});

test("blocks of EfficientTAM change the tokens of kept windows as whole blocks do, and no others", async () => {
  const config = efficientTamConfigs["efficienttam-nano"];
  const image = noise([1, 3, config.side, config.side]);
  const weight = (block: number) => `image_encoder.trunk.blocks.${block}.norm1.weight`;
  const whole = efficientTam(config, seededCheckpoint(), "embeddings");
  const [start, end] = await tapped(whole, [inputBefore(whole, weight(0)), inputBefore(whole, weight(2))], image);
  const ratios = new Map([
    [0, 0.5],
    [1, 0.5],
  ]);
  const sparse = encoderOf("efficienttam-nano", ratios);
  const [found, map] = await tapped(sparse, [inputBefore(sparse, weight(2)), "kept_tokens.blocks 0-1"], image);
  const expected = start!.data.map((value, i) =>
    map!.data[Math.floor(i / config.width)] === 1 ? end!.data[i]! : value,
  );
  expect(differenceOf(found!, { dims: found!.dims, data: expected })).toBeLessThan(tolerance);
});

test("a block of TinyViT changes kept windows as the whole one does, where its convolution sees one token alone", async () => {
  const config = tinySamConfigs["tinysam-nano"];
  const image = noise([1, 3, config.side, config.side]);
  const next = "image_encoder.neck.0.weight";
  const whole = tinyVit(config, centred(seededCheckpoint()));
  const first = whole.nodes.find(({ outputs }) => outputs[0]!.startsWith("image_encoder.layers.3.blocks.0/"))!;
  const [start, end] = await tapped(whole, [first.inputs[0]!, inputBefore(whole, next)], image);
  const sparse = encoderOf("tinysam-nano", new Map([[3, 0.4]]), centred(seededCheckpoint()));
  const [found, map] = await tapped(sparse, [inputBefore(sparse, next), "kept_tokens.block 3"], image);
  const tokens = map!.data.length;
  const expected = start!.data.map((value, i) => (map!.data[i % tokens] === 1 ? end!.data[i]! : value));
  expect(differenceOf(found!, { dims: found!.dims, data: expected })).toBeLessThan(tolerance);
});

test("TinyViT's convolution sees the tokens around a kept window", async () => {
  const config = tinySamConfigs["tinysam-nano"];
  const image = noise([1, 3, config.side, config.side]);
  const sparsity = new Map([[3, 0.4]]);
  const [plain, alone] = await Promise.all(
    [seededCheckpoint(), centred(seededCheckpoint())].map((checkpoint) =>
      runGraph(encoderOf("tinysam-nano", sparsity, checkpoint), { image }),
    ),
  );
  expect(differenceOf(plain!.image_embedding!, alone!.image_embedding!)).toBeGreaterThan(0.1);
});

test("stages of Hiera are windowed blocks of one grid; blocks that pool or see the whole image are none of theirs", () => {
  expect(hieraStages(sam2Configs.t)).toEqual([
    { blocks: [0], windows: 1024 },
    { blocks: [2], windows: 1024 },
    { blocks: [4], windows: 25 },
    { blocks: [6], windows: 25 },
    { blocks: [8], windows: 25 },
    { blocks: [11], windows: 25 },
  ]);
  expect(hieraStages(sam2Configs.l).map(({ blocks }) => blocks.length)).toEqual([2, 5, 14, 9, 9, 3]);
});

test("stages of TinyViT are those that attend", () => {
  expect(tinyVitStages(tinySamConfigs.tinysam)).toEqual([
    { blocks: [0, 1], windows: 361 },
    { blocks: [2, 3, 4, 5, 6, 7], windows: 25 },
    { blocks: [8, 9], windows: 100 },
  ]);
});

test.each([
  ["edgesam", "sparsevit/edgesam: RepViT has no windows to leave out, its blocks are convolutions"],
  ["efficientvit-sam-l0", "linear attention is over the whole image"],
  ["efficientsam-ti", "every block attends over the whole image"],
  ["fastsam-s/square", "YOLOv8 has no windows to leave out"],
  ["something", "sparsevit/something: none of its blocks is known to have windows"],
])("a model without windows is refused with the reason: %s", (id, message) => {
  expect(() => windowedModelOf(id)).toThrow(message);
});

/** Returns a model's encoder with ratios by block; blocks that are not named are whole. */
function encoderOf(id: string, ratios: ReadonlyMap<number, number>, checkpoint = seededCheckpoint()): OnnxGraph {
  const { stages, size, encoder } = windowedModelOf(id);
  const inOrder = stages.flatMap(({ blocks }) => blocks.map((block) => ratios.get(block) ?? 0));
  return encoder(sparsityOf(stages, size, { ratios: inOrder, globalKeep: 1 }), checkpoint);
}

/** Returns the name of the value that the node with this weight takes. */
function inputBefore({ nodes }: OnnxGraph, weight: string): string {
  return nodes.find(({ inputs }) => inputs[1] === weight)!.inputs[0]!;
}

async function tapped(graph: OnnxGraph, names: readonly string[], image: Tensor): Promise<readonly Tensor[]> {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const inner = names.filter((name) => !outputs.has(name));
  const results = await runGraph(withOutputs(graph, inner), { image });
  return names.map((name) => results[name]!);
}

/** Returns weights whose 3 x 3 convolutions between attention and MLP look at the token in the middle alone. */
function centred(checkpoint: Checkpoint): Checkpoint {
  return {
    ...checkpoint,
    take(name, dims) {
      const weight = checkpoint.take(name, dims);
      if (!name.endsWith("local_conv.c.weight")) return weight;
      return { ...weight, read: () => weight.read().map((value, i) => (i % 9 === 4 ? value : 0)) };
    },
  };
}
