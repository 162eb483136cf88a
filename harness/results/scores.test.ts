import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { truth } from "../coco/fixtures/scene.ts";
import { accuracyColumns } from "../report/table/columns.ts";
import { exampleManifest } from "../store/fixtures/run.ts";
import { openRun, readRun } from "../store/store.ts";
import { reportOf } from "./report.ts";
import { scoresOf } from "./scores.ts";

test("where no mask was kept on any image, the table has AR 0, not a column less", async () => {
  const results = await mkdtemp(join(tmpdir(), "scores-"));
  const protocols = { grid: "anything-ar1000", box: "miou-gtbox-argmax" };
  const run = await openRun(results, { ...exampleManifest(), protocols });
  for (const image of [1, 2, 3]) await run.append(image, []);
  const categories = [{ id: 1, name: "cup" }];
  const { annotationsOf } = truth([{ image: 1, category: 1, at: [10, 10, 10, 10] }], { categories });
  const prompts = Object.entries(protocols).map(([name, id]) => ({ prompts: name, protocol: { id } }));
  const scores = await scoresOf(run, { prompts, dataset: { categories, annotationsOf }, seed: 0 });
  expect(scores.grid).toMatchObject({ "AR@1000": { value: 0, n: 1 }, "ARs@10": { value: 0, n: 1 } });
  // Figures of mean IoU come from rows.
  expect(Object.keys(scores)).toEqual(["grid"]);
  await run.update({ scores });
  await run.close();
  const columns = accuracyColumns([await reportOf(await readRun(results, run.id))]);
  expect(columns.map(({ header, cells }) => [header[0], ...cells])).toContainEqual(["AR@1000", "0.0"]);
});
