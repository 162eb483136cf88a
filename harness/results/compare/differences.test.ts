import { expect, test } from "vitest";
import { encodeRle, formatCounts } from "../../mask/index.ts";
import { calibration, figuresOf, miou, recall } from "../../metrics/index.ts";
import { judgementOf, protocolOf } from "../../protocols/index.ts";
import { exampleSide, simulatedSides } from "../../report/compare/fixtures/sides.ts";
import { pairedDifference, sumByImage } from "../../stats/means.ts";
import { figureDifferences } from "./differences.ts";
import { sharedRows } from "./side.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

function differencesOf(sides: ReturnType<typeof simulatedSides>, draws = 200, metrics = [miou, calibration]) {
  const [shared] = sharedRows(sides.a, sides.b).prompts;
  return figureDifferences(shared!, {
    metrics,
    judged: { "miou-gtbox-argmax": judgementOf(protocolOf("miou-gtbox-argmax")) },
    seed: 0,
    draws,
  });
}

const named = (figures: ReturnType<typeof differencesOf>, name: string) =>
  figures.find(({ figure }) => figure === name)!;

test("by hand: the difference is that of the means over instances, shares are of images", () => {
  const a = exampleSide({ ious: { box: [[0.5, 0.7], [0.4], [0.8]] } });
  const b = exampleSide({ ious: { box: [[0.6, 0.8], [0.2], [0.8]] } });
  const found = named(differencesOf({ a, b }), "miou.box");
  expect(found.a.value).toBeCloseTo(0.6, 12);
  expect(found.b.value).toBeCloseTo(0.6, 12);
  expect(found.difference.value).toBeCloseTo(0, 12);
  expect(found.won).toEqual({ higher: 1 / 3, alike: 1 / 3, lower: 1 / 3 });
  expect([found.n, found.images]).toEqual([4, 3]);
  // All 8 exchanges: sums of ±0.2, ∓0.2 and 0 are as far from 0 as the 0 that was found.
  expect(found.p).toBe(1);
});

test("by hand: three images that all gain have the exact p of 2 in 8", () => {
  const a = exampleSide({ ious: { box: [[0.5], [0.5], [0.5]] } });
  const b = exampleSide({ ious: { box: [[0.6], [0.7], [0.8]] } });
  const found = named(differencesOf({ a, b }), "miou.box");
  expect(found.p).toBe(0.25);
  expect(found.difference.value).toBeCloseTo(0.2, 12);
});

test("values and intervals of each side are those that tables print", () => {
  const { a, b } = simulatedSides(3, 30, 0.02);
  const figures = differencesOf({ a, b }, 1000);
  for (const [side, key] of [
    [a, "a"],
    [b, "b"],
  ] as const)
    for (const metric of [miou, calibration]) {
      const rows = side.byPrompts.get("box")!;
      const [table] = figuresOf(metric, { rows, images: side.images, sizes: [] }, { seed: side.manifest.seed });
      const found = named(figures, `${table!.id}.box`)[key];
      for (const bound of ["value", "low", "high"] as const) expect(found[bound]).toBe(table![bound]);
    }
});

test("the interval is that of the paired means, whose coverage is simulated, and narrower than unpaired", () => {
  const { a, b } = simulatedSides(5, 60, 0.01);
  const { difference, unpaired } = named(differencesOf({ a, b }, 1000), "miou.box");
  const sums = ({ byPrompts, images }: typeof a) =>
    sumByImage(
      byPrompts.get("box")!.map(({ image, iou }) => ({ image, value: iou! })),
      images,
    );
  const { low, high, value } = pairedDifference(sums(b), sums(a), { seed: a.manifest.seed })!;
  expect(difference.value).toBeCloseTo(value, 12);
  expect(difference.low).toBeCloseTo(low!, 12);
  expect(difference.high).toBeCloseTo(high!, 12);
  expect((high! - low!) / 2).toBeLessThan(0.4 * unpaired!);
});

test("the smallest difference that would have shown is found in about 80 % of tries", () => {
  const { detectable } = named(differencesOf(simulatedSides(1, 60, 0), 1000), "miou.box");
  const shown = range(100).filter((seed) => {
    const { p } = named(differencesOf(simulatedSides(seed, 60, detectable!), 200, [miou]), "miou.box");
    return p! < 0.05;
  });
  expect(shown.length).toBeGreaterThan(65);
  expect(shown.length).toBeLessThan(95);
});

test("a side does not differ from itself", () => {
  const { a } = simulatedSides(1, 20, 0);
  for (const { difference, p } of differencesOf({ a, b: a })) {
    expect(difference).toEqual({ value: 0, low: 0, high: 0 });
    expect(p).toBe(1);
  }
});

test("figures that need annotations are those of each side alone, whatever the image's number", () => {
  const size = { height: 4, width: 4 };
  const rle = (pixels: number) =>
    encodeRle(
      Uint8Array.from(range(16), (i) => (i < pixels ? 1 : 0)),
      size,
    );
  const rows = (pixels: readonly number[]) =>
    pixels.map((count, i) => ({
      ...exampleSide({ ious: { grid: [[0.5]] } }).byPrompts.get("grid")![0]!,
      image: 10 * (i + 1),
      target: 1,
      score: 0.9,
      mask: { size, counts: formatCounts(rle(count)) },
    }));
  const annotation = (image: number) => ({
    id: image,
    image,
    category: 1,
    mask: rle(8),
    box: { x0: 0, y0: 0, x1: 4, y1: 2 },
    areaPx: 8,
    crowd: false,
  });
  const dataset = { categories: [{ id: 1, name: "thing" }], annotationsOf: (image: number) => [annotation(image)] };
  const images = [10, 20, 30];
  const shared = {
    prompts: "grid",
    protocol: "any",
    images,
    seeds: { a: 0, b: 0 },
    a: rows([8, 8, 2]),
    b: rows([8, 6, 8]),
  };
  const found = figureDifferences(shared, {
    metrics: [recall],
    judged: { any: { id: "any", headline: "AR@1000", ranksMasks: true } },
    seed: 0,
    draws: 50,
    dataset,
  });
  for (const side of ["a", "b"] as const) {
    const alone = figuresOf(recall, { rows: shared[side], images, sizes: [], dataset }, { seed: 0 });
    const expected = alone.find(({ id }) => id === "AR@10")!.value;
    expect(found.find(({ figure }) => figure === "AR@10.grid")![side].value).toBeCloseTo(expected, 12);
  }
  // 8, 8 and 2 of 8 pixels: all thresholds, all, none. 8, 6 and 8: all, those up to 0.75, all.
  expect(found.find(({ figure }) => figure === "AR@10.grid")!.difference.value).toBeCloseTo((1 + 0.6 + 1 - 2) / 3, 12);
});
