import { expect, test } from "vitest";
import type { MaskPrediction, PredictionRow, Prompt, Rle, Target } from "../api.ts";
import { decodeRle, encodeRle, parseCounts, rleFromCounts } from "../mask/index.ts";
import { noc, unreached } from "../metrics/index.ts";
import { passesOf, promptPlan } from "../protocols/index.ts";
import golden from "./fixtures/noc_trace.json" with { type: "json" };
import type { HeldImage, HeldPrediction } from "./heldImage.ts";
import { runPass } from "./pass.ts";

const [plain, fedBack] = passesOf(promptPlan({ protocol: "noc" })) as [Pass, Pass];
type Pass = ReturnType<typeof passesOf>[number];

/**
 * Answers clicks by the rule of the trace: a foreground click adds the annotation within the radius and everything within a
 * quarter of it, a background click takes away what lies within half the radius.
 */
function scripted(truth: Rle, radius: number): (prompt: Prompt<"image">) => Rle {
  const { height, width } = truth.size;
  const inside = decodeRle(truth);
  const mask = new Uint8Array(height * width);
  return ({ points }) => {
    const click = points.at(-1)!;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        const squared = (x - click.x) ** 2 + (y - click.y) ** 2;
        if (click.label === 0) {
          if (4 * squared <= radius ** 2) mask[i] = 0;
        } else if ((inside[i] === 1 && squared <= radius ** 2) || 16 * squared <= radius ** 2) mask[i] = 1;
      }
    return encodeRle(mask, truth.size);
  };
}

const fields = { category: 1, areaPx: 4, crowd: false, box: { x0: 0, y0: 0, x1: 1, y1: 1 } };

/** Returns what a test needs of a prediction: the mask of each token. */
function predicted(prediction: MaskPrediction, maskOf: (token: number) => Rle): HeldPrediction {
  return {
    prediction,
    mask: maskOf,
    lowResLogits: (token) => ({ dims: [1, 1, 1], data: Float32Array.of(token) }),
    stability: () => undefined,
    maskAbove: () => undefined,
  };
}

test("clicks, IoUs and numbers of clicks of twelve annotations are those of the reference clicker", async () => {
  const rows: PredictionRow[] = [];
  for (const { annotation, image, rle, radius, clicks, ious } of golden.rows) {
    const mask = parseCounts(rle.counts, { height: rle.size[0]!, width: rle.size[1]! });
    const answer = scripted(mask, radius);
    const held: HeldImage = {
      lacks: ["logits", "single-mask-token"],
      decode: async (prompts) =>
        prompts.map((prompt) => {
          const found = answer(prompt);
          return predicted({ kind: "masks", masks: [found], scores: Float32Array.of(1) }, () => found);
        }),
    };
    const target: Target = { id: annotation, image, mask, ...fields };
    const kept = await runPass(plain, { held, targets: [target], seed: 0 });
    expect(kept.map(({ step }) => step)).toEqual(ious.map((_, i) => i + 1));
    expect(kept.at(-1)!.prompt.points.map(({ x, y, label }) => [x, y, label])).toEqual(clicks);
    for (const [i, { mask: found, step, prompts, token, predictedIou }] of kept.entries()) {
      const iou = plain.protocol.iou(found, mask)!;
      expect(iou).toBeCloseTo(ious[i]!, 8);
      const { category, areaPx, crowd } = target;
      const place = { image, target: annotation, category, prompts, protocol: "noc", step, token, predictedIou, iou };
      rows.push({ ...place, areaPx, crowd, mask: { size: mask.size, counts: "" }, prompt: { points: [] } });
    }
  }
  const images = golden.rows.map(({ image }) => image);
  const once = { images, counts: new Uint32Array(images.length).fill(1) };
  const levels = ["0.8", "0.85", "0.9"] as const;
  for (const { image, noc: expected } of golden.rows) {
    const own = noc.fit(
      rows.filter((row) => row.image === image),
      { images: [image], sizes: [] },
    );
    const values = own({ images: [image], counts: Uint32Array.of(1) }).map(({ value }) => value);
    expect(values).toEqual(levels.map((level) => expected[level]));
  }
  const means = noc.fit(rows, { images, sizes: [] })(once);
  for (const [i, level] of levels.entries()) expect(means[i]!.value).toBeCloseTo(golden.mean_noc[level], 12);
  expect(
    unreached
      .fit(rows, { images, sizes: [] })(once)
      .map(({ value }) => value),
  ).toEqual([0, 0, 0]);
});

/** Records the mask inputs of all prompts, and answers each with nothing found, by another token at each call. */
async function askedFor(pass: Pass): Promise<readonly (number | undefined)[]> {
  const size = { height: 40, width: 40 };
  const truth = rleFromCounts([0, 1600], size);
  const nothing = rleFromCounts([1600], size);
  const asked: (number | undefined)[] = [];
  const held: HeldImage = {
    lacks: [],
    decode: async (prompts) =>
      prompts.map(({ mask }) => {
        asked.push(mask?.data[0]);
        const predictedIou = Float32Array.from(
          [1, 0, 0, 0].map((own, token) => (token === (asked.length % 3) + 1 ? 0.9 : own)),
        );
        return predicted(
          { kind: "logits", lowResLogits: { dims: [4, 1, 1], data: new Float32Array(4) }, predictedIou },
          () => nothing,
        );
      }),
  };
  await runPass(pass, { held, targets: [{ id: 1, image: 1, mask: truth, ...fields }], seed: 0 });
  return asked;
}

test("each click after the first feeds back the logits of the token that was kept before, never the single mask's", async () => {
  const asked = await askedFor(fedBack);
  expect(asked).toEqual([undefined, ...Array.from({ length: 19 }, (_, i) => ((i + 1) % 3) + 1)]);
});

test("without feedback no click brings a mask", async () => {
  expect(await askedFor(plain)).toEqual(Array(20).fill(undefined));
});
