import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImageEmbedding, MaskPrediction, Prompt, Variant } from "../../harness/api.ts";
import { buildVariant } from "../../harness/build/build.ts";
import { prepare } from "../../harness/image/index.ts";
import { siftedModel } from "../../harness/onnx/index.ts";
import { loadRegistry, type Registry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { seededCheckpoint, seededName } from "../../harness/weights/index.ts";
import { openSifted } from "./sifted.ts";

const runtime = { provider: "cpu", threads: 1 };
const size = { height: 64, width: 64 };
const photo = { size, pixels: Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => (i * 37) % 251) };
/** More than one call takes. */
const prompts = Array.from({ length: 20 }, (_, i): Prompt<"model"> => {
  return { frame: "model", points: [{ x: 11 * i + 3, y: (59 * i) % 251, label: 1 }] };
});

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Builds a variant on seeded weights, encodes a photo and hands both to `use`, with the file of its decoder. */
async function opened<T>(
  id: string,
  use: (variant: Variant, embedding: ImageEmbedding, decoder: string) => Promise<T>,
): Promise<T> {
  const registered = variantOf(registry, id);
  const { preset, plugin, base } = registered;
  const weights = { checkpoint: seededCheckpoint(), weightsId: seededName() };
  const { files } = await buildVariant({ variant: registered, ...weights, graph: "fused", cache: folder });
  const variant = await plugin.load(files, runtime, preset, { base });
  try {
    return await use(variant, await variant.encode(prepare(photo, preset.input)), files.decoder!);
  } finally {
    await variant.close();
  }
}

function withoutLogits(prediction: MaskPrediction, firstToken: number): MaskPrediction {
  if (prediction.kind !== "logits") throw new Error("logits expected");
  const predictedIou = prediction.predictedIou.slice(firstToken);
  return { kind: "tokens", tokens: [0, 1, 2, 3].slice(firstToken, firstToken + predictedIou.length), predictedIou };
}

function best(prediction: MaskPrediction, firstToken: number): number {
  if (prediction.kind !== "logits") throw new Error("logits expected");
  return Math.max(...prediction.predictedIou.subarray(firstToken));
}

describe.each([
  ["sam-nano", 1],
  ["sam2.1-nano", 1],
  ["efficienttam-nano", 1],
  ["half/sam-nano", 1],
  ["w8/sam-nano", 1],
  ["w4/sam-nano/block-32+level-4", 1],
  ["sam-fast/sam-nano/int8-decoder", 1],
])("of %s", (id, firstToken) => {
  test("masks of prompts that are looked at are the same, and those of the others are not made", async () => {
    await opened(id, async (variant, embedding) => {
      const all = await variant.decode(embedding, prompts);
      const ious = all.map((each) => best(each, firstToken));
      const leastPredictedIou = ious.toSorted((a, b) => a - b)[12]!;
      const sifted = await variant.decode(embedding, prompts, { firstToken, leastPredictedIou });
      expect(sifted.map(({ kind }) => kind === "logits")).toEqual(ious.map((iou) => iou >= leastPredictedIou));
      const expected = all.map((each, i) => (ious[i]! >= leastPredictedIou ? each : withoutLogits(each, firstToken)));
      expect(sifted).toEqual(expected);
    });
  });

  test("no masks are made where no prompt is looked at", async () => {
    await opened(id, async (variant, embedding) => {
      const sifted = await variant.decode(embedding, prompts, {
        firstToken,
        leastPredictedIou: Number.POSITIVE_INFINITY,
      });
      const all = await variant.decode(embedding, prompts);
      expect(sifted).toEqual(all.map((each) => withoutLogits(each, firstToken)));
    });
  });
});

test("a decoder is sifted on the processor alone", async () => {
  await opened("sam-nano", async (_, __, decoder) => {
    expect(await openSifted(decoder, { ...runtime, provider: "cuda" })).toBeUndefined();
    const found = await openSifted(decoder, runtime);
    expect(found?.masks).toBe(4);
    await found?.session.close();
  });
});

test.each([
  ["scores its masks by their stability", "edgesam-nano/stability"],
  ["takes a mean over all places", "efficientsam-nano"],
  ["multiplies one row a prompt", "hq-sam-nano"],
])("a decoder that %s makes all masks, whatever is looked at", async (_, id) => {
  await opened(id, async (variant, embedding, decoder) => {
    expect(siftedModel(decoder)).toBeUndefined();
    const found = await variant.decode(embedding, prompts.slice(0, 2), { firstToken: 1, leastPredictedIou: 2 });
    expect(found.map(({ kind }) => kind)).toEqual(["logits", "logits"]);
  });
});
