import { expect, test } from "vitest";
import type { PredictionRow } from "../api.ts";
import type { PredictionRow as StoredRow } from "../store/schema/rowSchema.ts";
import { figuresOf } from "./figures.ts";
import { miou } from "./miou.ts";
import { cocoSizes, isOfSize } from "./sizes.ts";

const stored = {
  kind: "prediction",
  image: 1,
  target: 1,
  category: 1,
  prompts: "box",
  protocol: "miou-gtbox",
  step: 1,
  token: 1,
  predictedIou: 0.5,
  areaPx: 500,
  crowd: false,
  prompt: { points: [] },
  mask: { size: { height: 2, width: 3 }, counts: "6" },
} satisfies StoredRow;

function row(image: number, areaPx: number, iou?: number): PredictionRow {
  const taken: StoredRow = stored;
  return { ...taken, image, areaPx, iou };
}

const once = (images: readonly number[]) => ({ images, counts: new Uint32Array(images.length).fill(1) });
const context = (images: readonly number[]) => ({ images, sizes: cocoSizes });

/** Image 1: small 0.2, medium 0.6; image 2: medium 0.9; image 3 has no row. */
const rows = [row(1, 100, 0.2), row(1, 2000, 0.6), row(2, 3000, 0.9)];

test("the mean is over instances, by size too, with n; a size without instances has no value", () => {
  const values = miou.fit(rows, context([1, 2, 3]))(once([1, 2, 3]));
  expect(values).toEqual([
    { id: "miou", value: (0.2 + 0.6 + 0.9) / 3, n: 3 },
    { id: "small", value: 0.2, n: 1 },
    { id: "medium", value: 0.75, n: 2 },
    { id: "large", n: 0 },
  ]);
});

test("an image drawn twice counts twice, one not drawn not at all", () => {
  const weigh = miou.fit(rows, context([1, 2, 3]));
  expect(weigh({ images: [1, 2, 3], counts: Uint32Array.of(0, 2, 1) })).toEqual([
    { id: "miou", value: 0.9, n: 2 },
    { id: "small", n: 0 },
    { id: "medium", value: 0.9, n: 2 },
    { id: "large", n: 0 },
  ]);
});

test("re-weighting gives what fitting the repeated images gives", () => {
  const weights = { images: [1, 2, 3], counts: Uint32Array.of(3, 1, 0) };
  const repeated = [1, 1, 1, 2].flatMap((image, i) =>
    rows.filter((each) => each.image === image).map((each) => ({ ...each, image: 10 + i })),
  );
  const again = miou.fit(repeated, context([10, 11, 12, 13]))(once([10, 11, 12, 13]));
  for (const [i, { id, value, n }] of miou
    .fit(
      rows,
      context([1, 2, 3]),
    )(weights)
    .entries()) {
    expect({ id, n }).toEqual({ id: again[i]!.id, n: again[i]!.n });
    // The same sums, added in another order.
    if (value === undefined) expect(again[i]!.value).toBeUndefined();
    else expect(again[i]!.value).toBeCloseTo(value, 14);
  }
});

test("an area on a border counts in both sizes", () => {
  const sizesOf = (areaPx: number) => cocoSizes.filter((size) => isOfSize(size, areaPx)).map(({ id }) => id);
  expect(sizesOf(1023)).toEqual(["small"]);
  expect(sizesOf(1024)).toEqual(["small", "medium"]);
  expect(sizesOf(1025)).toEqual(["medium"]);
  expect(sizesOf(9216)).toEqual(["medium", "large"]);
  const values = miou.fit([row(1, 1024, 0.5)], context([1]))(once([1]));
  expect(values.map(({ n }) => n)).toEqual([1, 1, 1, 0]);
});

test("a row without IoU is not counted", () => {
  expect(miou.fit([row(1, 100, 0.2), row(1, 100)], context([1]))(once([1]))[0]).toEqual({
    id: "miou",
    value: 0.2,
    n: 1,
  });
});

test("figures have intervals by image, images without a row among them, and leave out what has no data", () => {
  const images = [1, 2, 3, 4, 5, 6];
  const own = [0.2, 0.3, 0.4, 0.5, 0.6].map((iou, i) => row(images[i]!, 100, iou));
  const figures = figuresOf(miou, { rows: own, ...context(images) }, { seed: 0 });
  expect(figures.map(({ id, value, n }) => ({ id, value, n }))).toEqual([
    { id: "miou", value: 0.4, n: 5 },
    { id: "small", value: 0.4, n: 5 },
  ]);
  // t with 4 degrees of freedom times s / √5, for a sixth image without a row is no instance; to 1 % of it.
  for (const { low, high } of figures) expect((high! - low!) / 2 / 0.19632).toBeCloseTo(1, 1);
});

test("figures without intervals are the same values", () => {
  const given = { rows, ...context([1, 2, 3]) };
  const bare = figuresOf(miou, given, { seed: 0, intervals: "none" });
  expect(bare).toEqual(figuresOf(miou, given, { seed: 0 }).map(({ id, value, n }) => ({ id, value, n })));
});

test("figures do not depend on the order of rows or images", () => {
  const many = Array.from({ length: 60 }, (_, i) => row(i % 20, 100 * i, (i % 7) / 7));
  const images = Array.from({ length: 20 }, (_, i) => i);
  const straight = figuresOf(miou, { rows: many, ...context(images) }, { seed: 3 });
  // Rows of one image keep their order, in which they are stored.
  const byImage = [...images].reverse().flatMap((image) => many.filter((each) => each.image === image));
  expect(figuresOf(miou, { rows: byImage, ...context([...images].reverse()) }, { seed: 3 })).toEqual(straight);
  expect(straight.map(({ id }) => id)).toEqual(["miou", "small", "medium"]);
});

test("few images have values and no interval; no row has no figure", () => {
  expect(figuresOf(miou, { rows: [row(1, 100, 0.2)], ...context([1]) }, { seed: 0 })).toEqual([
    { id: "miou", value: 0.2, n: 1 },
    { id: "small", value: 0.2, n: 1 },
  ]);
  expect(figuresOf(miou, { rows: [], ...context([1, 2]) }, { seed: 0 })).toEqual([]);
});
