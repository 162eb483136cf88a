import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ImageEmbedding, MaskPrediction, OnnxGraph, Prompt, RgbImage, Variant } from "../../harness/api.ts";
import { prepare, toModelFrame } from "../../harness/image/index.ts";
import { areaOf } from "../../harness/mask/index.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import fastsam from "./variant.ts";

const side = 256;
const preset = fastsam.presets.find(({ id }) => id === "fastsam-s")!;
const size = { height: 90, width: 150 };
const photo: RgbImage = { size, pixels: Uint8Array.from({ length: 90 * 150 * 3 }, (_, i) => (i * 37) % 251) };

let folder: string;
let variant: Variant;
let embedding: ImageEmbedding;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  const graphs: OnnxGraph[] = [];
  const write = async (_: string, graph: OnnxGraph) => void graphs.push(graph);
  await fastsam.build({ preset, checkpoint: seededCheckpoint(), graph: "fused", side, out: { write } });
  variant = await fastsam.load({ encoder: writeGraph(graphs[0]!, folder) }, { provider: "cpu", threads: 2 });
  embedding = await variant.encode(prepare(photo, { ...preset.input, side }));
});
afterAll(async () => {
  await variant.close();
  rmSync(folder, { recursive: true });
});

test("the photo lies on grey, between 0 and 1, in a frame whose sides 32 divides", () => {
  const { tensor, geometry } = prepare(photo, { ...preset.input, side });
  expect(geometry).toMatchObject({ resized: { height: 154, width: 256 }, offset: { x: 0, y: 3 } });
  expect(tensor.dims).toEqual([1, 3, 160, 256]);
  expect(tensor.data[0]).toBeCloseTo(114 / 255, 6);
  expect(tensor.data.every((value) => value >= 0 && value <= 1)).toBe(true);
});

test("anything mode gives all masks at image size, most confident first", async () => {
  const { masks, scores } = masksOf(await variant.everything!(embedding));
  expect(masks.length).toBeGreaterThan(0);
  expect(masks.length).toBeLessThanOrEqual(300);
  expect(scores.length).toBe(masks.length);
  expect([...scores]).toEqual([...scores].sort((a, b) => b - a));
  for (const mask of masks) expect(mask.size).toEqual(size);
  expect(masks.some((mask) => areaOf(mask) > 0)).toBe(true);
});

test("each prompt gets one mask, in the prompts' order", async () => {
  const prompts: Prompt<"image">[] = [
    { frame: "image", points: [], box: { x0: 10, y0: 10, x1: 100, y1: 80 } },
    { frame: "image", points: [{ x: 75, y: 45, label: 1 }] },
  ];
  const inModel = prompts.map((prompt) => toModelFrame(prompt, embedding.geometry));
  const together = await variant.decode(embedding, inModel);
  expect(together.map((prediction) => masksOf(prediction).masks.length)).toEqual([1, 1]);
  for (const [i, prompt] of inModel.entries()) expect(await variant.decode(embedding, [prompt])).toEqual([together[i]]);
  expect(masksOf(await variant.everything!(embedding)).masks).toContain(masksOf(together[0]!).masks[0]);
});

test("an embedding that another image's encode gave has masks of its own", async () => {
  const inverted = { size, pixels: photo.pixels.map((value) => 255 - value) };
  const other = await variant.encode(prepare(inverted, { ...preset.input, side }));
  expect(masksOf(await variant.everything!(other)).scores).not.toEqual(
    masksOf(await variant.everything!(embedding)).scores,
  );
  await expect(variant.everything!({ ...other })).rejects.toThrow("this embedding did not come from its encode");
});

test("the manifest says what the variant can not do, and how its frame is made", () => {
  for (const { id, base, input, lacks, everything, notes, published } of fastsam.presets) {
    expect(lacks).toEqual(["single-mask-token", "mask-input", "logits"]);
    expect(everything).toBe("own output");
    expect(notes.join(" ")).toContain("multiple of 32");
    const inSquare = id.endsWith("/square");
    expect(input.multipleOf).toBe(inSquare ? undefined : 32);
    expect(base).toBe(inSquare ? id.replace("/square", "") : undefined);
    expect(published === undefined).toBe(inSquare);
  }
  expect(fastsam.presets.map(({ id }) => id)).toEqual([
    "fastsam-s",
    "fastsam-s/square",
    "fastsam-x",
    "fastsam-x/square",
  ]);
});

test("in a square every photo has the same frame", async () => {
  const squared = fastsam.presets.find(({ id }) => id === "fastsam-s/square")!;
  const { tensor, geometry } = prepare(photo, { ...squared.input, side });
  expect([tensor.dims, geometry.offset]).toEqual([[1, 3, 256, 256], { x: 0, y: 51 }]);
  const graphs: OnnxGraph[] = [];
  const write = async (_: string, graph: OnnxGraph) => void graphs.push(graph);
  const context = { checkpoint: seededCheckpoint(), graph: "fused", side, out: { write } } as const;
  await fastsam.build({ ...context, preset: squared });
  await fastsam.build({ ...context, preset });
  expect(graphs.map(({ inputs }) => inputs[0]!.dims)).toEqual([
    [1, 3, 256, 256],
    [1, 3, "height", "width"],
  ]);
});

function masksOf(prediction: MaskPrediction) {
  if (prediction.kind !== "masks") throw new Error("masks expected");
  return prediction;
}
