import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compare } from "../../commands/compare.ts";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { formatCounts, rleFromBox } from "../../mask/index.ts";
import { openDataset } from "../../plan/data/openDataset.ts";
import { loadRegistry } from "../../plan/plugins/registry.ts";
import type { Comparison } from "../../results/compare/compare.ts";
import { findRun } from "../../results/storedRuns.ts";
import { planId } from "../../store/canonical.ts";
import { exampleManifest } from "../../store/fixtures/run.ts";
import type { PredictionRow } from "../../store/schema/rowSchema.ts";
import { openRun, type StoredRun } from "../../store/store.ts";
import { compare as timedCompare } from "./compare.ts";
import { repeatRuns } from "./repeatedRuns.ts";

const size = { height: 60, width: 80 };
const boxes = [
  { id: 7, image: 3, box: [2, 2, 20, 10], category: 1 },
  { id: 31, image: 3, box: [40, 20, 30, 30], category: 2 },
  { id: 8, image: 5, box: [10, 10, 40, 40], category: 1 },
] as const;

/** Writes an annotation file of two images into a new folder. */
function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "repeated-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const annotations = boxes.map(({ id, image, box, category }) => {
    const [x, y, width, height] = box;
    const right = x + width;
    const bottom = y + height;
    return {
      id,
      image_id: image,
      category_id: category,
      bbox: box,
      area: width * height,
      iscrowd: 0,
      segmentation: [[x, y, right, y, right, bottom, x, bottom]],
    };
  });
  const images = [3, 5].map((id) => ({ id, file_name: `${id}.jpg`, ...size }));
  const categories = [1, 2].map((id) => ({ id, name: `c${id}` }));
  writeFileSync(join(data, "instances.json"), JSON.stringify({ images, annotations, categories }));
  return folder;
}

/** Stores a finished run whose masks are the boxes, moved to the right. */
async function storeRun(folder: string, shift: number): Promise<StoredRun> {
  const data = join(folder, "data");
  const { fingerprint } = await openDataset(await loadRegistry(), "coco", { data, seed: 0 });
  const resolved = { shift, dataset: { id: "coco", fingerprint, images: [3, 5] } };
  const run = await openRun(join(folder, "results"), {
    ...exampleManifest(resolved),
    id: planId("sam-nano", resolved),
    dataset: { id: "coco", fingerprint, images: 2, warnings: [] },
    protocols: { "gt-box": "ap-gtbox" },
  });
  for (const image of [3, 5])
    await run.append(
      image,
      boxes.filter((each) => each.image === image).map((each) => rowOf(each, shift)),
    );
  await run.update({ status: { state: "done", ...(await run.sealed()) } });
  await run.close();
  return findRun(run.id, join(folder, "results"));
}

function rowOf(
  { id, image, box: [x, y, width, height], category }: (typeof boxes)[number],
  shift: number,
): PredictionRow {
  const moved = { x0: x + shift, y0: y, x1: x + shift + width, y1: y + height };
  const shared = (width - shift) / (width + shift);
  return {
    kind: "prediction",
    image,
    target: id,
    category,
    prompts: "gt-box",
    protocol: "ap-gtbox",
    step: 1,
    token: 0,
    predictedIou: shared,
    iou: shared,
    areaPx: width * height,
    crowd: false,
    mask: { size, counts: formatCounts(rleFromBox(moved, size)) },
    score: shared,
    prompt: { points: [], box: moved },
  };
}

async function comparisonOf(ids: readonly string[], { results, data }: { results: string; data: string }) {
  const console = memoryConsole();
  const [a, ...b] = ids;
  await compare.run({ a, b, results, data, seed: 0, json: true, photos: true }, console);
  return (JSON.parse(console.said.out) as { comparisons: Comparison[] }).comparisons[0]!;
}

test("runs whose images are repeated have the figures of the runs, of as many more targets", async () => {
  const folder = dataFolder();
  const runs = [await storeRun(folder, 1), await storeRun(folder, 3)];
  const once = await comparisonOf(
    runs.map(({ id }) => id),
    { results: join(folder, "results"), data: join(folder, "data") },
  );
  const repeated = await repeatRuns({ runs, data: join(folder, "data"), repeat: 3 }, join(folder, "repeated"));
  expect(repeated.sizes).toMatchObject([
    { images: 6, rows: 9 },
    { images: 6, rows: 9 },
  ]);
  const thrice = await comparisonOf(repeated.ids, repeated);
  expect(thrice.images).toBe(3 * once.images);
  expect(thrice.figures.map(({ figure }) => figure)).toEqual(once.figures.map(({ figure }) => figure));
  expect(once.figures.map(({ figure }) => figure)).toContain("AP.gt-box");
  for (const [i, { figure, a, b, n }] of once.figures.entries()) {
    expect(thrice.figures[i]!.a.value, figure).toBeCloseTo(a.value!, 12);
    expect(thrice.figures[i]!.b.value, figure).toBeCloseTo(b.value!, 12);
    expect(thrice.figures[i]!.n).toBe(3 * n);
  }
});

test("rows whose targets are not annotations of their image are refused", async () => {
  const folder = dataFolder();
  const run = await storeRun(folder, 1);
  const file = join(folder, "data", "instances.json");
  const other = readFileSync(file, "utf8").replace('"id":31,"image_id":3', '"id":31,"image_id":5');
  writeFileSync(file, other);
  const moved = await storeRun(folder, 2);
  await expect(repeatRuns({ runs: [moved], data: join(folder, "data"), repeat: 2 }, folder)).rejects.toThrow(
    `${moved.id}: the targets of gt-box are no annotations`,
  );
  await expect(repeatRuns({ runs: [run], data: join(folder, "data"), repeat: 2 }, folder)).rejects.toThrow(
    `not the dataset that ${run.id} was run on`,
  );
});

test("perf compare times bench compare on the repeated runs, and says whether all calls gave the same", async () => {
  const folder = dataFolder();
  const a = (await storeRun(folder, 1)).id;
  const b = (await storeRun(folder, 3)).id;
  const console = memoryConsole();
  const args = { a, b, results: join(folder, "results"), data: join(folder, "data"), repeat: 2, rounds: 2, warmup: 0 };
  expect(await timedCompare.run(args, console)).toBe(0);
  expect(console.said.out).toContain(`${a}, 2 times: 4 images, 6 rows\n`);
  expect(console.said.out).toMatch(/^here .* 2 +\d+$/m);
  expect(console.said.out).toMatch(/^output {2}equal in all 2 calls/m);
});
