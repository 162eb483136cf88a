import { expect, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { annotation, at, defaults, detection, image, scored, segmentation, truth, write } from "./fixtures/scoring.ts";
import { score } from "./score.ts";

test("a results file is scored, with intervals and n", async () => {
  const ids = Array.from({ length: 12 }, (_, i) => i + 1);
  const twelve = { ...truth, images: ids.map(image), annotations: ids.map((id) => annotation(id, id)) };
  const found = ids.slice(0, 6).map((image_id) => ({ ...detection, image_id }));
  const { figures } = await scored(found, {}, twelve);
  // Each image is found whole or not at all: t with 11 degrees of freedom times the standard error of 6 of 12, to 1 % of it.
  const { value, low, high, n } = figures["AR-cat@1"];
  expect([value, n]).toEqual([0.5, 12]);
  expect((high - low) / 2 / (2.201 * Math.sqrt(3 / 11 / 12))).toBeCloseTo(1, 1);
  expect(figures.AP.low).toBeLessThan(figures.AP.value);
  expect(figures.AP.high).toBeGreaterThan(figures.AP.value);
});

test("a results file of two images has figures without intervals", async () => {
  const { figures, categories, rules, images } = await scored([detection]);
  expect([rules, images]).toEqual(["coco", 2]);
  // Half of the two is found: precision 1 up to recall 0.5, 51 of 101 points.
  expect(figures.AP).toEqual({ value: expect.closeTo(51 / 101, 12), n: 2 });
  expect(figures.APl).toEqual({ n: 0 });
  expect(categories).toEqual([{ id: 3, name: "cup", value: expect.closeTo(51 / 101, 12), n: 2 }]);
});

test("without intervals there are none", async () => {
  expect((await scored([detection], { interval: false })).figures["AR-cat@1"]).toEqual({ value: 0.5, n: 2 });
});

test("class-agnostic scoring is the recall of 10, 100 and 1000", async () => {
  const { figures, categories } = await scored([detection], { "class-agnostic": true, interval: false });
  expect(Object.keys(figures).slice(0, 5)).toEqual(["AR@10", "ARs@10", "ARm@10", "ARl@10", "AR@100"]);
  expect([figures["AR@1000"], categories]).toEqual([{ value: 0.5, n: 2 }, []]);
});

test("an empty results file has no values, and says so", async () => {
  const { figures, notes } = await scored([]);
  expect(Object.values(figures)).toHaveLength(12);
  for (const figure of Object.values(figures)) expect(figure).not.toHaveProperty("value");
  expect(notes).toMatch(/no detections in it/);
});

test.each([
  ["of an unknown image", { ...detection, image_id: 9 }, /detection \[1\], image_id: no such image/],
  ["of an unknown category", { ...detection, category_id: 9 }, /detection \[1\], category_id: no such category/],
  ["whose score is no number", { ...detection, score: "high" }, /detection \[1\], score: wrong type/],
  ["whose score is null", { ...detection, score: Number.NaN }, /detection \[1\], score: missing field/],
])("a detection %s is the user's mistake", async (_, bad, message) => {
  await expect(scored([detection, bad])).rejects.toThrow(message);
});

test("a detection with a mask of another size than its image matches nothing, and that is said", async () => {
  const other = { ...detection, segmentation: { size: [2, 3], counts: "6" } };
  const { notes } = await scored([detection, other]);
  expect(notes).toMatch(/1 of 2 detections have a mask of another size than their image, which matches nothing/);
});

test("an annotation id that stands twice is left out once, with a warning; an image id is an error", async () => {
  const twice = { ...truth, annotations: [annotation(1, 1), annotation(1, 2)] };
  const { figures, notes } = await scored([detection], { interval: false }, twice);
  expect([figures["AR-cat@1"], notes]).toEqual([
    { value: 1, n: 1 },
    expect.stringMatching(/1 of 2 annotations left out: duplicate id/),
  ]);
  await expect(scored([detection], {}, { ...truth, images: [image(1), image(1)] })).rejects.toThrow(
    /another image has this id/,
  );
});

test("annotation 0 is warned of", async () => {
  const zero = { ...truth, annotations: [annotation(0, 1)] };
  const { figures, notes } = await scored([detection], { interval: false }, zero);
  expect([figures.AP.value, notes]).toEqual([0, expect.stringMatching(/annotation 0/)]);
});

test("LVIS's rules need LVIS's lists, and are taken where they are there", async () => {
  await expect(scored([detection], { rules: "lvis" })).rejects.toThrow(/no negative lists/);
  const lists = { neg_category_ids: [], not_exhaustive_category_ids: [] };
  const lvis = {
    ...truth,
    images: truth.images.map((each) => ({ ...each, ...lists })),
    categories: [{ id: 3, name: "cup", frequency: "r" }],
  };
  const { rules, figures } = await scored([detection], { interval: false }, lvis);
  expect([rules, figures.APr, figures.APf]).toEqual(["lvis", { value: expect.closeTo(51 / 101, 12), n: 2 }, { n: 0 }]);
});

test("the overlap follows what the results file holds, and the choice between both is said", async () => {
  // Of the annotation's mask the box alone fits: another's mask inside the same box.
  const { segmentation: _, ...bare } = detection;
  const box = { ...bare, bbox: [...at] };
  const half = { ...box, segmentation: segmentation([10, 10, 10, 4]) };
  const quiet = { interval: false };
  const boxes = await scored([box], quiet);
  expect([boxes.type, boxes.figures["AR-cat@1"].value, boxes.notes]).toEqual(["bbox", 0.5, ""]);
  const both = await scored([half], quiet);
  expect([both.type, both.figures["AR-cat@1"].value]).toEqual(["segm", 0]);
  expect(both.notes).toMatch(/holds masks and boxes; masks are scored. Use --type bbox to score the boxes/);
  const asked = await scored([half], { ...quiet, type: "bbox" });
  expect([asked.type, asked.figures["AR-cat@1"].value, asked.notes]).toEqual(["bbox", 0.5, ""]);
  const drawn = await scored([box], { ...quiet, type: "segm" });
  expect([drawn.type, drawn.figures["AR-cat@1"].value]).toEqual(["segm", 0.5]);
  expect(drawn.notes).toMatch(/holds boxes alone, which are scored as masks/);
});

test("for people it is a table of percentages", async () => {
  const console = memoryConsole();
  const flags = {
    ...defaults,
    categories: true,
    annotations: write(truth),
    detections: write([detection]),
    interval: false,
  };
  expect(await score.run(flags, console)).toBe(0);
  expect(console.said.out).toMatch(/^segm, rules of coco, 2 images$/m);
  expect(console.said.out).toMatch(/^AP +50\.50 +2$/m);
  expect(console.said.out).toMatch(/^ *3 +cup +50\.50 +2$/m);
});

test("nothing to score is said", async () => {
  await expect(score.run(defaults, memoryConsole())).rejects.toThrow(/nothing to score/);
});
