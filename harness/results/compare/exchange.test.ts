import { expect, test } from "vitest";
import type { Metric, PredictionRow } from "../../api.ts";
import { drawScene } from "../../coco/fixtures/drawnScene.ts";
import { maskOf, truth } from "../../coco/fixtures/scene.ts";
import { formatCounts } from "../../mask/index.ts";
import { ap, calibration, cocoSizes, miou, recall } from "../../metrics/index.ts";
import { begunExchange } from "./exchange.ts";
import type { SharedPrompts } from "./side.ts";

const categories = [
  { id: 1, name: "cup" },
  { id: 2, name: "mug" },
  { id: 3, name: "jug" },
];
const lists = () => ({ negative: new Set([1]), notExhaustive: new Set([3]) });
const images = Array.from({ length: 30 }, (_, i) => 10 * (i + 1));
const scene = drawScene(4, images.length);
const annotated = truth(
  scene.truth.map((each) => ({ ...each, image: 10 * each.image })),
  { images, categories },
);

function rowsOf(found: typeof scene.found): readonly PredictionRow[] {
  return found.map(({ image, category = 1, at, score }, i) => {
    const mask = maskOf(...at);
    return {
      image: 10 * image,
      target: i + 1,
      category,
      prompts: "box",
      protocol: "ap-gtbox",
      step: 1,
      token: 1,
      predictedIou: score,
      iou: score ** 2,
      areaPx: 100,
      crowd: false,
      mask: { size: mask.size, counts: formatCounts(mask) },
      prompt: { points: [] },
      score,
    };
  });
}

const shared: SharedPrompts = {
  prompts: "box",
  protocol: "ap-gtbox",
  a: rowsOf(scene.found),
  b: rowsOf(scene.found.filter((_, i) => i % 6 > 0)),
  images,
  seeds: { a: 0, b: 0 },
};

function pOf(metric: Metric, sides: SharedPrompts, options: Parameters<typeof begunExchange>[2]) {
  const context = { images: sides.images, sizes: cocoSizes, dataset: options.dataset };
  return begunExchange({ metric, a: metric.fit(sides.a, context), b: metric.fit(sides.b, context) }, sides, options)();
}

/** The metric as a plug-in has it that knows no exchanges. */
function plain(metric: Metric): Metric {
  return {
    ...metric,
    fit(rows, context) {
      const valuesAt = metric.fit(rows, context);
      return (weights) => valuesAt(weights);
    },
  };
}

test.each([
  ["average precision by COCO's rules", ap, undefined],
  ["average precision by LVIS's rules", ap, lists],
  ["average recall", recall, undefined],
  ["mean IoU", miou, undefined],
  ["calibration error", calibration, undefined],
] as const)("p values do not depend on whether a metric takes many exchanges at once: %s", (_, metric, listsOf) => {
  const options = { dataset: { categories, annotationsOf: annotated.annotationsOf, listsOf }, seed: 3, draws: 200 };
  const found = pOf(metric, shared, options);
  expect(found).toEqual(pOf(plain(metric), shared, options));
  expect(found[0]).toBeGreaterThan(0);
  expect(found[0]).toBeLessThan(1);
});

test("with few images, p is exact with and without", () => {
  const few = images.slice(0, 6);
  const ofFew = (rows: readonly PredictionRow[]) => rows.filter(({ image }) => few.includes(image));
  const sides = { ...shared, images: few, a: ofFew(shared.a), b: ofFew(shared.b) };
  const options = { dataset: { categories, annotationsOf: annotated.annotationsOf }, seed: 0, draws: 200 };
  const found = pOf(ap, sides, options);
  expect(found).toEqual(pOf(plain(ap), sides, options));
  expect(found[0]! * 64).toBe(Math.round(found[0]! * 64));
});
