import { expect, test } from "vitest";
import { cocoSizes, figuresOf, miou } from "../metrics/index.ts";
import { ownBook, promptPlan } from "../protocols/index.ts";
import { examplePrediction } from "../store/fixtures/run.ts";
import { CurrentFigure } from "./currentFigure.ts";

const planned = promptPlan({ prompts: "box,1p", protocol: undefined }, ownBook);
const ious = [0.2, 0.9, 0.4, 0.6, 0.5, 0.8];

test("the figure of all images is the table's, and each before it is that of the images so far", () => {
  let now = 0;
  const current = new CurrentFigure(planned, 3, { nowMs: () => now });
  const rows = ious.map((iou, image) => examplePrediction(image, image, iou));
  const images: number[] = [];
  for (const [image, row] of rows.entries()) {
    current.add(image, [row]);
    images.push(image);
    now += 1000;
    const [expected] = figuresOf(miou, { rows: rows.slice(0, image + 1), images, sizes: cocoSizes }, { seed: 3 });
    expect(current.value()).toEqual({ ...expected, title: "mIoU", prompts: "box" });
  }
  expect(current.value()!.low).toBeLessThan(current.value()!.value);
});

test("an image that failed is in no figure", () => {
  const current = new CurrentFigure(planned, 3);
  current.add(1, [examplePrediction(1, 1, 0.5), { kind: "failure", image: 1, message: "cut short" }]);
  expect(current.value()).toBeUndefined();
});

test("protocols that rank masks have no figure before the end", () => {
  const ranked = promptPlan({ protocol: "ap-vitdet-argmax", prompts: undefined }, ownBook);
  const current = new CurrentFigure(ranked, 3);
  current.add(1, [examplePrediction(1, 1, 0.5)]);
  expect(current.value()).toBeUndefined();
});
