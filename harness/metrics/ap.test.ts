import { expect, test } from "vitest";
import type { Category, PredictionRow } from "../api.ts";
import { maskOf, truth } from "../coco/fixtures/scene.ts";
import { formatCounts } from "../mask/index.ts";
import { ap } from "./ap.ts";
import { cocoSizes } from "./sizes.ts";

type At = readonly [number, number, number, number];

function row(image: number, at: At, score?: number, category = 1): PredictionRow {
  const mask = maskOf(...at);
  return {
    image,
    target: 1,
    category,
    prompts: "box",
    protocol: "ap-vitdet-argmax",
    step: 1,
    token: 1,
    predictedIou: 0.9,
    areaPx: 100,
    crowd: false,
    mask: { size: mask.size, counts: formatCounts(mask) },
    // Far off the mask: a prompt is no part of what is measured.
    prompt: { points: [], box: { x0: 0, y0: 0, x1: 1, y1: 1 } },
    score,
  };
}

const at = [10, 10, 10, 10] as const;
const elsewhere = [30, 10, 10, 10] as const;

function context(images: readonly number[], categories?: readonly Category[]) {
  const { annotationsOf, categories: known } = truth(
    images.map((image) => ({ image, at })),
    categories === undefined ? {} : { categories },
  );
  return { images, sizes: cocoSizes, dataset: { categories: known, annotationsOf } };
}

const once = (images: readonly number[]) => ({ images, counts: new Uint32Array(images.length).fill(1) });
const figures = (values: readonly { readonly id: string; readonly value?: number }[]) =>
  Object.fromEntries(values.map(({ id, value }) => [id, value]));

test("rows are sorted by their scores over all images", () => {
  const rows = [row(1, at, 0.5), row(2, elsewhere, 0.9), row(2, at, 0.4)];
  const values = ap.fit(rows, context([1, 2]))(once([1, 2]));
  // Precisions at the two hits: 1/2 and 2/3, and the higher one counts for all recalls up to its own.
  expect(figures(values)).toMatchObject({
    AP: expect.closeTo(2 / 3, 12),
    AP50: expect.closeTo(2 / 3, 12),
    APl: undefined,
  });
  expect(values.map(({ id }) => id)).toEqual(["AP", "AP50", "AP75", "APs", "APm", "APl"]);
  expect(values[0]!.n).toBe(2);
});

test("images are weighted without matching again", () => {
  const weigh = ap.fit([row(1, at, 0.5), row(2, elsewhere, 0.9)], context([1, 2]));
  expect(weigh({ images: [1, 2], counts: Uint32Array.of(2, 0) })[0]).toEqual({
    id: "AP",
    value: expect.closeTo(1, 12),
    n: 2,
  });
  expect(weigh({ images: [1, 2], counts: Uint32Array.of(0, 2) })[0]).toEqual({ id: "AP", value: 0, n: 2 });
});

test("rows without a score, or no dataset, give no values", () => {
  expect(ap.fit([row(1, at)], context([1]))(once([1]))).toEqual([]);
  expect(ap.fit([row(1, at, 0.5)], { images: [1], sizes: cocoSizes })(once([1]))).toEqual([]);
});

test("a dataset with LVIS's lists is scored by LVIS's rules", () => {
  const { dataset, ...rest } = context(
    [1],
    [
      { id: 1, name: "cup", frequency: "rare" },
      { id: 2, name: "mug", frequency: "frequent" },
    ],
  );
  const listsOf = () => ({ negative: new Set<number>(), notExhaustive: new Set([1]) });
  const rows = [row(1, elsewhere, 0.9), row(1, at, 0.5)];
  const values = figures(ap.fit(rows, { ...rest, dataset: { ...dataset, listsOf } })(once([1])));
  expect(values).toMatchObject({ AP: expect.closeTo(1, 12), APr: expect.closeTo(1, 12), APf: undefined });
});

test("masks of another size than the annotation's are an error", () => {
  const wrong = { ...row(1, at, 0.5), mask: { size: { height: 2, width: 3 }, counts: "6" } };
  expect(() => ap.fit([wrong], context([1]))).toThrow(/mask is of another size than its image/);
});
