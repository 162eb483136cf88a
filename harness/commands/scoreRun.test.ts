import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { maskOf } from "../coco/fixtures/scene.ts";
import { readAnnotations, readDetections } from "../coco/index.ts";
import { exampleManifest, examplePrediction } from "../store/fixtures/run.ts";
import { openRun } from "../store/store.ts";
import { exportRun } from "./export.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import {
  annotation,
  at,
  defaults,
  detection,
  folder,
  image,
  nextNumber,
  scored,
  segmentation,
  truth,
  write,
} from "./fixtures/scoring.ts";
import { score } from "./score.ts";

/** Two images, a mask of each, stored as a run would leave them. */
async function storedRun(scores: readonly (number | undefined)[]): Promise<string> {
  const base = exampleManifest({ run: nextNumber() });
  const run = await openRun(folder, {
    ...base,
    dataset: { ...base.dataset, id: "coco", images: 2 },
  });
  for (const [i, given] of scores.entries()) {
    const { size: sides, counts } = segmentation(at);
    await run.append(i + 1, [
      {
        ...examplePrediction(i + 1, 7, 0.8),
        category: 3,
        mask: { size: { height: sides[0]!, width: sides[1]! }, counts },
        score: given,
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

test("of a run, errors by kind and slices of each figure are those of its masks", async () => {
  const run = await storedRun([0.9, 0.4]);
  const few = { ...truth, annotations: [annotation(1, 1), annotation(2, 2), annotation(3, 2, [40, 10, 10, 10])] };
  const { prompts } = await runScore(run, { annotations: write(few), errors: true, interval: false });
  const { errors, slices } = prompts.box;
  expect(errors.errors.missed.n).toBe(1);
  expect(errors.falsePositives.n).toBe(0);
  const of = (figure: string, by: string) =>
    slices
      .filter((slice: { by: string; figure: string }) => slice.figure === figure && slice.by === by)
      .map(({ title, n }: { title: string; n: number }) => [title, n]);
  expect(of("miou", "annotations of an image")).toEqual([
    ["1", 1],
    ["2", 1],
  ]);
  expect(of("AP", "annotations of an image")).toEqual([
    ["1", 1],
    ["2", 2],
  ]);
  expect(of("AP", "size")).toEqual([["small (up to 32² px)", 3]]);
  expect(of("miou", "category")).toEqual([["cup", 2]]);
  expect(of("AP", "category")).toEqual([["cup", 3]]);
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
  expect(found[0]!.box).toBeUndefined();
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
  const one = "9007199254740992";
  const other = "9007199254740993";
  const text = (content: unknown) => JSON.stringify(content).replaceAll('"ONE"', one).replaceAll('"OTHER"', other);
  const annotations = join(folder, "large.json");
  const detections = join(folder, "large-found.json");
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
  const base = exampleManifest({ run: nextNumber() });
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
