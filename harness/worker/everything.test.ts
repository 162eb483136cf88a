import { expect, test } from "vitest";
import type {
  Box,
  EverythingMode,
  LookedAt,
  MaskPrediction,
  ModelInput,
  Prompt,
  RgbImage,
  Size,
  Variant,
} from "../api.ts";
import { boxOf, rleFromBox } from "../mask/index.ts";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { protocolOf } from "../protocols/index.ts";
import { runEverything } from "./everything.ts";
import { embeddedImage, embeddingHolder } from "./heldImage.ts";

const size = { height: 40, width: 60 };
const image = { id: 7, fileName: "7.png", size };
/** Red tells the column, green the row. */
const photo: RgbImage = {
  size,
  pixels: Uint8Array.from({ length: 3 * 40 * 60 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [pixel % 60, Math.floor(pixel / 60), 0][i % 3]!;
  }),
};
const { preset: nano } = variantOf(await loadRegistry([]), "sam-nano");
const preset = { ...nano, input: { ...nano.input, mean: [0, 0, 0], std: [1, 1, 1] } } as const;
const whole: Box = { x0: 0, y0: 0, x1: 60, y1: 40 };
const right: Box = { x0: 40, y0: 10, x1: 60, y1: 40 };

/** Marks the pixel of each point in the frame of what was encoded; remembers what it is given. */
function markingVariant(everything?: MaskPrediction) {
  const encoded: ModelInput[] = [];
  const prompted: Prompt<"model">[] = [];
  const variant: Variant = {
    async encode(input) {
      encoded.push(input);
      return { tensor: input.tensor, geometry: input.geometry };
    },
    async decode({ geometry }, prompts) {
      prompted.push(...prompts);
      return prompts.map(({ points }): MaskPrediction => {
        const { resized, image: frame } = geometry;
        const x = Math.round((points[0]!.x * frame.width) / resized.width);
        const y = Math.round((points[0]!.y * frame.height) / resized.height);
        return { kind: "masks", masks: [pixelsAt(x, y, geometry.image)], scores: Float32Array.of(0.5) };
      });
    },
    everything: everything === undefined ? undefined : async () => everything,
    close: async () => undefined,
  };
  return { variant, encoded, prompted };
}

const pixelsAt = (x: number, y: number, frame: Size) => rleFromBox({ x0: x, y0: y, x1: x + 2, y1: y + 2 }, frame);
const pointAt = (id: number, x: number, y: number) => ({
  id,
  image: 7,
  category: 0,
  areaPx: 0,
  crowd: false,
  box: { x0: x, y0: y, x1: x, y1: y },
});

/** Two crops with a point each, and all that comes of them. */
const twoCrops: EverythingMode = {
  source: "prompts",
  crops: () => [
    { box: whole, targets: [pointAt(0, 12, 30)] },
    { box: right, targets: [pointAt(1, 50, 25)] },
  ],
  settleCrop: (masks) => masks,
  settle: (masks) => masks.map(({ kept }) => kept),
};

function embeddingOf() {
  return {
    tensor: { dims: [1], data: new Float32Array(1) },
    geometry: {
      image: size,
      resized: { height: 80, width: 120 },
      offset: { x: 0, y: 0 },
      frame: { height: 120, width: 120 },
    },
  };
}

function everythingOf(variant: Variant, everything: EverythingMode, id = "anything-ar1000") {
  const protocol = protocolOf(id);
  const pass = { ...protocol.passes[0]!, everything };
  const embedding = embeddingOf();
  const checked = { ...variant, checkedMs: 0 };
  const input = {
    holder: embeddingHolder(checked, preset),
    seed: 0,
    image,
    photo,
    whole: { value: embeddedImage({ variant, preset, embedding }), durationMs: 1000 },
  };
  return runEverything({ protocol, pass }, everything, input);
}

test("a crop is prepared and encoded on its own, the image is not encoded again", async () => {
  const { variant, encoded } = markingVariant();
  await everythingOf(variant, twoCrops);
  expect(encoded.map(({ geometry }) => geometry.image)).toEqual([{ height: 30, width: 20 }]);
  // The first pixel of the crop is that of column 40 and row 10.
  const { data } = encoded[0]!.tensor;
  const plane = data.length / 3;
  expect([data[0], data[plane], data[2 * plane]]).toEqual([40, 10, 0]);
});

test("points go to the decoder in the crop's frame, and masks come back in the image's", async () => {
  const { variant, prompted } = markingVariant();
  const { kept } = await everythingOf(variant, twoCrops);
  // 256 px high, the crop is 171 wide: 170.67 rounded.
  expect(prompted.map(({ points }) => [points[0]!.x, points[0]!.y])).toEqual([
    [24, 60],
    [10 * (171 / 20), 15 * (256 / 30)],
  ]);
  expect(kept.map(({ mask }) => mask.size)).toEqual([size, size]);
  expect(kept.map(({ mask }) => boxOf(mask))).toEqual([
    { x0: 12, y0: 30, x1: 14, y1: 32 },
    { x0: 50, y0: 25, x1: 52, y1: 27 },
  ]);
  expect(kept.map(({ prompt }) => prompt.points[0])).toEqual([
    { x: 12, y: 30, label: 1 },
    { x: 50, y: 25, label: 1 },
  ]);
});

test("the whole image's encode counts where everything mode uses it, and only there", async () => {
  const { variant } = markingVariant();
  expect((await everythingOf(variant, twoCrops)).durationMs).toBeGreaterThanOrEqual(1000);
  const { crops } = twoCrops;
  const one = { ...twoCrops, crops: () => crops(image).slice(1) };
  expect((await everythingOf(variant, one)).durationMs).toBeLessThan(1000);
});

test("a second pass prompts what the first leaves open, in the same embedding, and its masks come first", async () => {
  const { variant, encoded, prompted } = markingVariant();
  const asked: (readonly number[])[] = [];
  const twoPasses: EverythingMode = {
    ...twoCrops,
    crops: () => [{ box: whole, targets: [pointAt(0, 12, 30)] }],
    secondTargets(first) {
      asked.push(first.map(({ target }) => target.id));
      return [pointAt(1, 40, 20), pointAt(2, 4, 6)];
    },
  };
  const { kept } = await everythingOf(variant, twoPasses);
  expect(encoded).toEqual([]);
  expect(asked).toEqual([[0]]);
  expect(prompted).toHaveLength(3);
  expect(kept.map(({ target }) => target.id)).toEqual([1, 2, 0]);
});

test("a variant's own everything mode is asked once and not prompted", async () => {
  const masks = [pixelsAt(1, 1, size), pixelsAt(9, 9, size)];
  const { variant, prompted } = markingVariant({ kind: "masks", masks, scores: Float32Array.of(0.75, 0.5) });
  const { everything } = protocolOf("anything-ar-fastsam").passes[0]!;
  const { kept } = await everythingOf(variant, everything!, "anything-ar-fastsam");
  expect(prompted).toEqual([]);
  expect(kept.map(({ mask, score, token }) => [mask, score, token])).toEqual([
    [masks[0], 0.75, 0],
    [masks[1], 0.5, 1],
  ]);
});

test("a choice by chance is the same whatever else is prompted, and another from image to image and seed to seed", async () => {
  const scoresOf = async (first: number) => {
    const points = Array.from({ length: 3 }, (_, id) => pointAt(first + id, 10 + 5 * id, 10));
    const mode = { ...twoCrops, crops: () => [{ box: whole, targets: points }] };
    const { kept } = await everythingOf(markingVariant().variant, mode, "anything-ar1000-single");
    return kept.map(({ target, score }) => [target.id, score] as const);
  };
  const a = new Map(await scoresOf(0));
  const b = new Map(await scoresOf(2));
  expect(b.get(2)).toBe(a.get(2));
  expect(new Set(a.values()).size).toBe(3);
  for (const score of a.values()) expect(score).toBeLessThan(1);
});

test.each([
  [[], 1],
  [["single-mask-token"], 0],
] as const)("a variant that lacks %j is told which masks the pass looks at", async (lacks, firstToken) => {
  const { variant } = markingVariant();
  const asked: (LookedAt | undefined)[] = [];
  const decode: Variant["decode"] = (embedding, prompts, lookedAt) => {
    asked.push(lookedAt);
    return variant.decode(embedding, prompts);
  };
  const held = { variant: { ...variant, decode }, preset: { ...preset, lacks }, embedding: embeddingOf() };
  const prompts: readonly Prompt<"image">[] = [{ frame: "image", points: [{ x: 3, y: 4, label: 1 }] }];
  await embeddedImage(held).decode(prompts, protocolOf("anything-default").passes[0]!);
  await embeddedImage(held).decode(prompts, protocolOf("anything-ar1000").passes[0]!);
  expect(asked).toEqual([{ firstToken, leastPredictedIou: 0.88 }, undefined]);
});
