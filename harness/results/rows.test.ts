import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exampleManifest, examplePrediction } from "../store/fixtures/run.ts";
import { openRun, readRun, type StoredRun } from "../store/store.ts";
import { reportOf } from "./report.ts";
import { byPrompts, readRunRows } from "./rows.ts";
import { scoreRun } from "./scores/scoreRun.ts";

/** Images 7, 3 and 5 are whole, 5 without a row; image 4 failed after its first row. */
async function storedExample(): Promise<{ results: string; run: StoredRun }> {
  const results = await mkdtemp(join(tmpdir(), "rows-"));
  const protocols = { box: "miou-gtbox-argmax", "1p": "miou-random-points" };
  const manifest = exampleManifest();
  // Its annotations lie in a folder that nobody names: only stored IoUs are averaged.
  const dataset = { ...manifest.dataset, id: "coco" };
  const run = await openRun(results, { ...manifest, dataset, protocols });
  const point = { ...examplePrediction(7, 1, 0.25), prompts: "1p", protocol: protocols["1p"] };
  await run.append(7, [examplePrediction(7, 1, 0.5), point], { everythingMs: { box: 70 } });
  const failure = { kind: "failure", image: 4, message: "the photo ends too early" } as const;
  await run.append(4, [examplePrediction(4, 1, 0.875), failure], { everythingMs: { box: 40 } });
  await run.append(3, [examplePrediction(3, 1, 0.75)], { everythingMs: { box: 30 } });
  await run.append(5, []);
  await run.update({ status: { state: "done", ...(await run.sealed()) } });
  await run.close();
  return { results, run: await readRun(results, run.id) };
}

test("rows come in the order of the file, images ascending, and a failed image has its message alone", async () => {
  const { run } = await storedExample();
  const { images, failures, rows, everythingMs, places } = await readRunRows(run, { hold: "masks" });
  expect(images).toEqual([3, 5, 7]);
  expect([...failures]).toEqual([[4, "the photo ends too early"]]);
  expect(rows.map(({ image, prompts, iou }) => [image, prompts, iou])).toEqual([
    [7, "box", 0.5],
    [7, "1p", 0.25],
    [3, "box", 0.75],
  ]);
  expect([...everythingMs]).toEqual([["box", [30, 70]]]);
  expect([...places.keys()]).toEqual([7, 4, 3, 5]);
  expect([...byPrompts(rows)].map(([name, own]) => [name, own.map(({ iou }) => iou)])).toEqual([
    ["box", [0.5, 0.75]],
    ["1p", [0.25]],
  ]);
});

test("what is held of a row is its mask, its figures or nothing, and of the prompts that are asked for", async () => {
  const { run } = await storedExample();
  const lengths = async (options: Parameters<typeof readRunRows>[1]) => {
    const { rows, images, failures } = await readRunRows(run, options);
    expect([images.length, failures.size]).toEqual([3, 1]);
    expect(rows.filter(({ prompt }) => prompt.points.length > 0 || prompt.box !== undefined)).toEqual([]);
    return rows.map(({ mask }) => mask.counts.length);
  };
  expect(await lengths({ hold: "masks" })).toEqual([20, 20, 20]);
  expect(await lengths({ hold: "figures" })).toEqual([0, 0, 0]);
  expect(await lengths({ hold: "nothing" })).toEqual([]);
  expect(await lengths({ hold: "masks", prompts: new Set(["1p"]) })).toEqual([20]);
  const { rows } = await readRunRows(run, { hold: "masks and prompts" });
  expect(rows.map(({ mask, prompt }) => [mask.counts.length, prompt.box?.x1])).toEqual([
    [20, 3.5],
    [20, 3.5],
    [20, 3.5],
  ]);
});

test("rows of an image that failed are in no figure, whoever reads them", async () => {
  const { results, run } = await storedExample();
  const { prompts } = await reportOf(run);
  const score = await scoreRun({ run: run.id, results });
  const { figures, reliability = [] } = score.prompts.box!;
  expect([prompts.box!.miou, figures.miou]).toEqual([
    { value: 0.625, n: 2 },
    { value: 0.625, n: 2 },
  ]);
  expect(reliability.reduce((sum, { n }) => sum + n, 0)).toBe(2);
});
