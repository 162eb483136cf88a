import { expect, test } from "vitest";
import type { Category, PredictionRow } from "../api.ts";
import { maskOf, truth } from "../coco/fixtures/scene.ts";
import { formatCounts } from "../mask/index.ts";
import { ap } from "./ap.ts";
import { recall } from "./recall.ts";
import { cocoSizes } from "./sizes.ts";

const at = [10, 10, 10, 10] as const;
const elsewhere = [30, 10, 10, 10] as const;

function proposal(image: number, place: readonly [number, number, number, number], score: number): PredictionRow {
  const mask = maskOf(...place);
  return {
    image,
    target: 1,
    category: 0,
    prompts: "grid",
    protocol: "anything-ar1000",
    step: 1,
    token: 1,
    predictedIou: 0.9,
    areaPx: 100,
    crowd: false,
    mask: { size: mask.size, counts: formatCounts(mask) },
    prompt: { points: [] },
    score,
  };
}

const plain: readonly Category[] = [
  { id: 1, name: "cup" },
  { id: 2, name: "mug" },
];

function recalls(rows: readonly PredictionRow[], categories = plain): Record<string, number | undefined> {
  const given = [
    { image: 1, category: 1, at },
    { image: 1, category: 2, at: elsewhere },
  ];
  const { annotationsOf } = truth(given, { categories });
  const values = recall.fit(rows, { images: [1], sizes: cocoSizes, dataset: { categories, annotationsOf } })({
    images: [1],
    counts: Uint32Array.of(1),
  });
  return Object.fromEntries(values.map(({ id, value }) => [id, value]));
}

test("a proposal finds an annotation of any category", () => {
  expect(recalls([proposal(1, at, 0.5), proposal(1, elsewhere, 0.4)])).toMatchObject({
    "AR@10": 1,
    "AR@1000": 1,
    "ARs@10": 1,
  });
});

test("only the best so many of an image count", () => {
  const wrong = Array.from({ length: 10 }, () => proposal(1, [0, 30, 3, 3], 0.9));
  expect(recalls([...wrong, proposal(1, at, 0.5)])).toMatchObject({ "AR@10": 0, "AR@100": 0.5, "AR@1000": 0.5 });
});

test("a variant's own masks are ranked to 300, not to a thousand", () => {
  const own = { ...proposal(1, at, 0.5), protocol: "anything-ar-fastsam" };
  const found = recalls([own]);
  expect(found).toMatchObject({ "AR@10": 0.5, "AR@300": 0.5 });
  expect(found["AR@1000"]).toBeUndefined();
});

test("with frequencies there is a recall of each", () => {
  const categories = [
    { id: 1, name: "cup", frequency: "rare" },
    { id: 2, name: "mug", frequency: "frequent" },
  ] as const;
  const found = recalls([proposal(1, at, 0.5)], categories);
  expect(found).toMatchObject({ "AR@100": 0.5, "ARr@100": 1, "ARf@100": 0 });
  expect(found["ARc@100"]).toBeUndefined();
});

test("equal scores of several categories stand as pycocotools gathers them, categories ascending", () => {
  const late = Array.from({ length: 10 }, () => ({ ...proposal(1, [0, 30, 3, 3], 0.5), category: 2 }));
  const early = { ...proposal(1, at, 0.5), category: 1 };
  expect(recalls([...late, early])).toMatchObject({ "AR@10": 0.5 });
  expect(recalls([...late, { ...early, category: 2 }])).toMatchObject({ "AR@10": 0 });
});

test("a protocol that ranks masks and kept none has a recall of 0; rows without scores have none", () => {
  const { annotationsOf } = truth([{ image: 1, category: 1, at }], { categories: plain });
  const context = { images: [1, 2], sizes: cocoSizes, dataset: { categories: plain, annotationsOf } };
  const once = { images: [1, 2], counts: Uint32Array.of(1, 1) };
  const anything = { id: "anything-ar1000", ranksMasks: true };
  const found = recall.fit([], { ...context, protocol: anything })(once);
  expect(found).toContainEqual({ id: "AR@1000", value: 0, n: 1 });
  expect(ap.fit([], { ...context, protocol: anything })(once)).toContainEqual({ id: "AP", value: 0, n: 1 });
  const own = recall.fit([], { ...context, protocol: { id: "anything-ar-fastsam", ranksMasks: true } })(once);
  expect(own).toContainEqual({ id: "AR@300", value: 0, n: 1 });
  const { score: _, ...unscored } = proposal(1, at, 0.5);
  for (const protocol of [anything, { id: "miou-gtbox", ranksMasks: false }])
    expect(recall.fit([unscored], { ...context, protocol })(once)).toEqual([]);
  expect(recall.fit([], { ...context, protocol: { id: "miou-gtbox", ranksMasks: false } })(once)).toEqual([]);
});
