import { expect, test } from "vitest";
import { integer, random } from "../../stats/random.ts";
import { drawnCategories, drawnLists, drawScene } from "../fixtures/drawnScene.ts";
import { table, truth } from "../fixtures/scene.ts";
import { evaluate } from "./evaluate.ts";
import { cocoRules, type EvaluationRules, lvisRules, proposalRules, proposalRulesFor } from "./rules.ts";
import { onceEach, summarizer } from "./summarize.ts";

test.each([
  ["coco", cocoRules],
  ["class-agnostic", proposalRules],
  ["class-agnostic by frequency", proposalRulesFor([{ frequency: "rare" }])],
  ["lvis", lvisRules],
] as const)("weighting images agrees with matching repeated images from scratch: %s", (_, rules: EvaluationRules) => {
  const images = Array.from({ length: 20 }, (_, i) => i + 1);
  const scene = drawScene(1, images.length);
  const given = truth(scene.truth, { images, categories: drawnCategories, lists: drawnLists });
  const matches = evaluate({ truth: given, detections: table(scene.found), type: "segm", rules });
  const weighted = summarizer(matches, drawnCategories);
  let compared = 0;
  for (let draw = 0; draw < 50; draw++) {
    const stream = random(3, "weights", draw);
    const counts = new Uint32Array(images.length);
    for (const _ of images) counts[integer(stream, images.length)]!++;
    // Copies of an image stand together, as an image of that weight is taken.
    const copies = images.flatMap((image, i) => Array<number>(counts[i]!).fill(image));
    const repeat = <T extends { readonly image: number }>(all: readonly T[]) =>
      copies.flatMap((image, i) =>
        all.filter((each) => each.image === image).map((each) => ({ ...each, image: 1000 + i })),
      );
    const ids = copies.map((_, i) => 1000 + i);
    const again = truth(repeat(scene.truth), { images: ids, categories: drawnCategories, lists: drawnLists });
    const fresh = evaluate({ truth: again, detections: table(repeat(scene.found)), type: "segm", rules });
    const scratch = summarizer(fresh, drawnCategories);
    const pairs = [
      [weighted.values(counts), scratch.values(onceEach(fresh))],
      [weighted.byCategory(counts), scratch.byCategory(onceEach(fresh))],
    ] as const;
    for (const [found, expected] of pairs) {
      for (const [i, { value, n }] of found.entries()) {
        expect(n).toBe(expected[i]!.n);
        if (value === undefined) expect(expected[i]!.value).toBeUndefined();
        else expect(Math.abs(value - expected[i]!.value!)).toBeLessThan(1e-12);
        compared += value === undefined ? 0 : 1;
      }
    }
  }
  expect(compared).toBeGreaterThan(200);
});

test.each([
  ["coco", cocoRules],
  ["class-agnostic by frequency", proposalRulesFor([{ frequency: "rare" }])],
  ["lvis", lvisRules],
] as const)(
  "many weights at once give the figures of each by itself, to the last bit: %s",
  (_, rules: EvaluationRules) => {
    const images = Array.from({ length: 40 }, (_, i) => i + 1);
    const scene = drawScene(2, images.length);
    const given = truth(scene.truth, { images, categories: drawnCategories, lists: drawnLists });
    const matches = evaluate({ truth: given, detections: table(scene.found), type: "segm", rules });
    const { values, byGroup } = summarizer(matches, drawnCategories);
    const groupOf = Uint8Array.from(images, (image) => image % 7);
    const weightings = [
      { counted: 1, others: 2 },
      { counted: 1, others: 8 },
      { counted: 0, others: 1 },
      { counted: 3, others: 0 },
    ];
    const found = byGroup(groupOf, weightings);
    for (const [w, { counted, others }] of weightings.entries())
      for (let group = 0; group < 7; group++) {
        const weights = Uint32Array.from(groupOf, (each) => (each === group ? counted : others));
        expect(found[w]![group]).toEqual(values(weights));
      }
    expect(found[0]![0]!.some(({ value }) => value !== undefined && value > 0 && value < 1)).toBe(true);
  },
);

test("where there is no annotation there is no value; where there is no detection, the value is 0", () => {
  const nothing = evaluate({
    truth: truth([], { images: [1] }),
    detections: table([]),
    type: "segm",
    rules: cocoRules,
  });
  expect(
    summarizer(nothing, [])
      .values(onceEach(nothing))
      .every(({ value, n }) => value === undefined && n === 0),
  ).toBe(true);
  const given = truth([{ image: 1, at: [0, 0, 5, 5] }]);
  const missed = evaluate({ truth: given, detections: table([]), type: "segm", rules: cocoRules });
  const values = summarizer(missed, given.categories).values(onceEach(missed));
  expect(values.find(({ id }) => id === "AP")).toEqual({ id: "AP", value: 0, n: 1 });
  expect(values.find(({ id }) => id === "APl")).toEqual({ id: "APl", n: 0 });
});

test("the names are those of the tools", () => {
  const names = (rules: EvaluationRules) => {
    const empty = evaluate({ truth: truth([], { lists: drawnLists }), detections: table([]), type: "segm", rules });
    return summarizer(empty, [])
      .values(onceEach(empty))
      .map(({ id }) => id)
      .join(" ");
  };
  expect(names(cocoRules)).toBe(
    "AP AP50 AP75 APs APm APl AR-cat@1 AR-cat@10 AR-cat@100 ARs-cat@100 ARm-cat@100 ARl-cat@100",
  );
  expect(names(lvisRules)).toBe("AP AP50 AP75 APs APm APl APr APc APf AR-cat@300 ARs-cat@300 ARm-cat@300 ARl-cat@300");
});

test("detections of unknown images and categories are left out", () => {
  const given = truth([{ image: 1, at: [0, 0, 5, 5] }]);
  const found = table([
    { image: 7, at: [0, 0, 5, 5], score: 1 },
    { image: 1, category: 9, at: [0, 0, 5, 5], score: 1 },
    { image: 1, at: [0, 0, 5, 5], score: 0.1 },
  ]);
  const matches = evaluate({ truth: given, detections: found, type: "segm", rules: cocoRules });
  expect(summarizer(matches, given.categories).values(onceEach(matches))[0]!.value).toBeCloseTo(1, 12);
});
