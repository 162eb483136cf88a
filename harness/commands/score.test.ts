import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { maskOf, size } from "../coco/fixtures/scene.ts";
import { readAnnotations, readDetections } from "../coco/index.ts";
import { formatCounts } from "../mask/index.ts";
import { exampleManifest, examplePrediction } from "../store/fixtures/run.ts";
import { openRun } from "../store/store.ts";
import { exportRun } from "./export.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { score } from "./score.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-score-"));
const defaults = { results: folder, interval: true };

type At = readonly [x0: number, y0: number, width: number, height: number];
const at: At = [10, 10, 10, 10];

const segmentation = (place: At) => ({ size: [size.height, size.width], counts: formatCounts(maskOf(...place)) });
const annotation = (id: number, image: number, place: At = at) => {
  const [, , width, height] = place;
  return {
    id,
    image_id: image,
    category_id: 3,
    bbox: [...place],
    area: width * height,
    iscrowd: 0,
    segmentation: segmentation(place),
  };
};
const image = (id: number) => ({ id, file_name: `${id}.jpg`, ...size });
const truth = {
  images: [image(1), image(2)],
  categories: [{ id: 3, name: "cup" }],
  annotations: [annotation(1, 1), annotation(2, 2)],
};
const detection = { image_id: 1, category_id: 3, score: 0.5, segmentation: segmentation(at) };

let files = 0;
function write(content: unknown): string {
  const file = join(folder, `${files++}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

async function scored(detections: unknown, given: object = {}, annotations: unknown = truth) {
  const console = memoryConsole();
  const flags = { ...defaults, json: true, annotations: write(annotations), detections: write(detections), ...given };
  expect(await score.run(flags, console)).toBe(0);
  return { ...JSON.parse(console.said.out), notes: console.said.notes };
}

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

/** Two images, a mask of each, stored as a run would leave them. */
async function storedRun(scores: readonly (number | undefined)[]): Promise<string> {
  const base = exampleManifest({ run: files++ });
  const run = await openRun(folder, {
    ...base,
    dataset: { ...base.dataset, id: "coco", images: 2 },
  });
  for (const [i, given] of scores.entries()) {
    const { size: sides, counts } = segmentation(at);
    await run.append(i + 1, [
      {
        ...examplePrediction(i + 1, 7, 0.8),
        ...{ category: 3, mask: { size: { height: sides[0]!, width: sides[1]! }, counts } },
        ...(given === undefined ? {} : { score: given }),
      },
    ]);
  }
  await run.update({ status: { state: "done", ...(await run.sealed()) } });
  await run.close();
  return run.id;
}

async function runScore(run: string, given: object = {}) {
  const console = memoryConsole();
  expect(await score.run({ ...defaults, json: true, run, ...given }, console)).toBe(0);
  return { ...JSON.parse(console.said.out), notes: console.said.notes };
}

test("a stored run is scored again with every metric", async () => {
  const run = await storedRun([0.9, 0.4]);
  const { prompts } = await runScore(run, { annotations: write(truth), interval: false });
  expect(prompts.box.protocol).toBe("miou-gtbox-argmax");
  expect(prompts.box.figures).toMatchObject({
    miou: { value: expect.closeTo(0.8, 12), n: 2 },
    AP: { value: expect.closeTo(1, 12), n: 2 },
    "AR@1000": { value: 1, n: 2 },
  });
  const alone = await runScore(join(folder, run), { annotations: write(truth), metric: ["ap"] });
  expect(Object.keys(alone.prompts.box.figures)).toEqual(["AP", "AP50", "AP75", "APs"]);
  // Two images have no interval.
  expect(alone.prompts.box.figures.AP).toEqual({ value: expect.closeTo(1, 12), n: 2 });
});

test("of a run, --rules and --categories work, and the flags that can not are refused", async () => {
  const run = await storedRun([0.9, 0.4]);
  // Nothing is said of category 3 in image 2: by LVIS's rules what is found there does not count.
  const lists = { neg_category_ids: [], not_exhaustive_category_ids: [] };
  const lvis = {
    images: truth.images.map((each) => ({ ...each, ...lists })),
    categories: [{ id: 3, name: "cup", frequency: "r" }],
    annotations: [annotation(1, 1)],
  };
  const quiet = { annotations: write(lvis), interval: false, metric: ["ap"] };
  const precision = async (given: object) => (await runScore(run, { ...quiet, ...given })).prompts.box.figures.AP.value;
  // The best of two detections is right; by COCO's rules the other is a mistake of a lower score all the same.
  expect(await precision({})).toBeCloseTo(1, 12);
  const wrong = await storedRun([0.4, 0.9]);
  const other = async (given: object) => (await runScore(wrong, { ...quiet, ...given })).prompts.box.figures.AP.value;
  expect([await other({}), await other({ rules: "lvis" })]).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12)]);
  expect(await other({ rules: "coco" })).toBeCloseTo(0.5, 12);
  const { prompts } = await runScore(wrong, { ...quiet, rules: "coco", categories: true });
  expect(prompts.box.categories).toEqual([{ id: 3, name: "cup", value: expect.closeTo(0.5, 12), n: 1 }]);
  await expect(runScore(run, { ...quiet, annotations: write(truth), rules: "lvis" })).rejects.toThrow(/no negative/);
  await expect(runScore(run, { ...quiet, metric: ["miou"], rules: "coco" })).rejects.toThrow(/--rules: bears on/);
  await expect(runScore(run, { ...quiet, type: "bbox" })).rejects.toThrow(/--type: a run holds masks/);
  await expect(runScore(run, { ...quiet, "class-agnostic": true })).rejects.toThrow(/--class-agnostic: a run's recall/);
  await expect(runScore(run, { ...quiet, detections: "x" })).rejects.toThrow(/--detections: a run has its own/);
  await expect(runScore(run, { ...quiet, seed: 1 })).rejects.toThrow(/--seed: a run's intervals follow its own seed/);
  await expect(runScore(run, { ...quiet, data: "x" })).rejects.toThrow(/--data: --annotations is what the run/);
  await expect(scored([detection], { metric: ["ap"] })).rejects.toThrow(/--metric: belongs to a stored run/);
  await expect(scored([detection], { interval: false, seed: 1 })).rejects.toThrow(/--seed: draws the groups/);
});

test.each(["coco", "lvis"])(
  "a recall of the same name is the same figure of a run and of its export: %s",
  async (format) => {
    const run = await storedRun([0.9, 0.4]);
    const lists = format === "lvis" ? { neg_category_ids: [3], not_exhaustive_category_ids: [] } : {};
    const frequency = format === "lvis" ? { frequency: "r" } : {};
    // What is in image 2 is of another category than the mask that was found there.
    const annotations = write({
      images: truth.images.map((each) => ({ ...each, ...lists })),
      categories: [
        { id: 3, name: "cup", ...frequency },
        { id: 4, name: "mug", ...frequency },
      ],
      annotations: [annotation(1, 1), { ...annotation(2, 2), category_id: 4 }],
    });
    const detections = join(folder, `${run}.json`);
    await exportRun.run({ ...defaults, run, out: detections, format: "coco" }, memoryConsole());
    const recalls = async (given: object) => {
      const console = memoryConsole();
      await score.run({ ...defaults, json: true, interval: false, annotations, detections, ...given }, console);
      const figures: Record<string, object> = JSON.parse(console.said.out).figures;
      return Object.fromEntries(Object.entries(figures).filter(([id]) => id.startsWith("AR")));
    };
    const { prompts } = await runScore(run, { annotations, interval: false, metric: ["recall"] });
    expect(prompts.box.figures["AR@100"]).toEqual({ value: 1, n: 2 });
    const agnostic = await recalls({ "class-agnostic": true });
    for (const [id, figure] of Object.entries(prompts.box.figures)) expect(agnostic[id], id).toEqual(figure);
    const byCategory = await recalls({});
    expect(byCategory[format === "lvis" ? "AR-cat@300" : "AR-cat@100"]).toEqual({ value: 0.5, n: 2 });
    expect(Object.keys(byCategory).filter((id) => id in agnostic)).toEqual([]);
  },
);

test("class-agnostic recall takes no rules and has no categories", async () => {
  for (const given of [{ rules: "lvis" }, { categories: true }])
    await expect(scored([detection], { "class-agnostic": true, ...given })).rejects.toThrow(
      /--class-agnostic knows no/,
    );
});

test("without ground truth, the stored IoUs are averaged, and a note says what is missing", async () => {
  const { prompts, notes } = await runScore(await storedRun([0.9, 0.4]));
  expect(Object.keys(prompts.box.figures)).toContain("miou");
  expect(Object.keys(prompts.box.figures)).not.toContain("AP");
  expect(notes).toMatch(/--data or --annotations/);
});

test("annotations without the run's images, and a metric that is not known, are the user's mistakes", async () => {
  const run = await storedRun([0.9, 0.4]);
  const other = { ...truth, images: [image(1)], annotations: [annotation(1, 1)] };
  await expect(runScore(run, { annotations: write(other) })).rejects.toThrow(
    /annotations of another dataset \(found 1 of the run's 2/,
  );
  await expect(runScore(run, { metric: ["mioo"] })).rejects.toThrow(/unknown metric: mioo; did you mean miou/);
});

test("a run is exported as a results file without boxes, which scores as the run does", async () => {
  const run = await storedRun([0.9, 0.4]);
  const out = join(folder, "export.json");
  const console = memoryConsole();
  expect(await exportRun.run({ ...defaults, run, out, format: "coco" }, console)).toBe(0);
  const found = await readDetections(out);
  expect(found.map(({ image, category, score }) => [image, category, score])).toEqual([
    [1, 3, 0.9],
    [2, 3, 0.4],
  ]);
  expect(found[0]).not.toHaveProperty("box");
  expect(found[0]!.mask).toEqual(maskOf(...at));
  expect(console.said.notes).toMatch(/2 masks/);
});

test("rows without a score are exported with their predicted IoU, and that is said", async () => {
  const console = memoryConsole();
  await exportRun.run({ ...defaults, run: await storedRun([undefined, undefined]), format: "coco" }, console);
  const [first] = JSON.parse(console.said.out);
  expect(Object.keys(first)).toEqual(["image_id", "category_id", "segmentation", "score"]);
  expect(first.score).toBe(examplePrediction(1, 7, 0.8).predictedIou);
  expect(console.said.notes).toMatch(/2 of them have no score/);
});

test("ids from 2^53 up are told apart, and written back by export", async () => {
  // As numbers both are 2^53.
  const [one, other] = ["9007199254740992", "9007199254740993"];
  const text = (content: unknown) => JSON.stringify(content).replaceAll('"ONE"', one).replaceAll('"OTHER"', other);
  const [annotations, detections] = [join(folder, "large.json"), join(folder, "large-found.json")];
  const large = { ...image(1), id: "ONE" };
  const truth = {
    images: [large, { ...large, id: "OTHER" }],
    categories: [{ id: "ONE", name: "cup" }],
    annotations: [
      { ...annotation(1, 1), id: "ONE", image_id: "ONE", category_id: "ONE" },
      { ...annotation(2, 1, [30, 20, 5, 5]), id: "OTHER", image_id: "OTHER", category_id: "ONE" },
    ],
  };
  writeFileSync(annotations, text(truth));
  writeFileSync(detections, text([{ ...detection, image_id: "ONE", category_id: "ONE" }]));
  const console = memoryConsole();
  await score.run({ ...defaults, json: true, interval: false, annotations, detections }, console);
  expect(JSON.parse(console.said.out).figures["AR-cat@1"]).toEqual({ value: 0.5, n: 2 });

  const read = await readAnnotations(annotations);
  const [first, second] = read.images.map(({ id }) => id);
  expect(read.originals.images).toEqual([
    [first, one],
    [second, other],
  ]);
  const base = exampleManifest({ run: files++ });
  const originalIds = { images: [{ number: second!, digits: other }], categories: [{ number: 3, digits: one }] };
  const run = await openRun(folder, {
    ...base,
    dataset: { ...base.dataset, images: 1, originalIds },
  });
  await run.append(second!, [{ ...examplePrediction(second!, 7, 0.8), category: 3, score: 0.5 }]);
  await run.update({ status: { state: "done", ...(await run.sealed()) } });
  await run.close();
  const out = memoryConsole();
  await exportRun.run({ ...defaults, run: run.id, format: "coco" }, out);
  expect(out.said.out).toContain(`{"image_id":${other},"category_id":${one},"segmentation":`);
});
