import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { truth } from "../../coco/fixtures/scene.ts";
import { recall } from "../../metrics/index.ts";
import { resultColumns } from "../../report/table/columns/resultColumns.ts";
import { damageOf } from "../../store/damage.ts";
import { exampleManifest } from "../../store/fixtures/run.ts";
import { openRun, readRun } from "../../store/store.ts";
import { reportOf } from "../report.ts";
import { chosenRuns } from "../storedRuns.ts";
import { metricCode, scoresOf, scoresRecord } from "./scores.ts";

test("where no mask was kept on any image, the table has AR 0, not a column less", async () => {
  const results = await mkdtemp(join(tmpdir(), "scores-"));
  const protocols = { grid: "anything-ar1000", box: "miou-gtbox-argmax" };
  const run = await openRun(results, { ...exampleManifest(), protocols });
  for (const image of [1, 2, 3]) await run.append(image, []);
  const categories = [{ id: 1, name: "cup" }];
  const { annotationsOf } = truth([{ image: 1, category: 1, at: [10, 10, 10, 10] }], { categories });
  const prompts = Object.entries(protocols).map(([name, id]) => ({ prompts: name, protocol: { id } }));
  const scores = await scoresOf(run, { prompts, dataset: { categories, annotationsOf }, seed: 0 });
  expect(scores.figures.grid).toMatchObject({ "AR@1000": { value: 0, n: 1 }, "ARs@10": { value: 0, n: 1 } });
  // Figures of mean IoU come from rows.
  expect(Object.keys(scores.figures)).toEqual(["grid"]);
  expect(Object.keys(scores.metrics)).toEqual(["recall"]);
  const sealed = await run.sealed();
  await run.update({ ...scoresRecord(scores, sealed, "sources"), status: { state: "done", ...sealed } });
  await run.close();
  const columns = resultColumns([await reportOf(await readRun(results, run.id))], undefined);
  expect(columns.map(({ header, cells }) => [header[0], ...cells])).toContainEqual(["AR@1000", "0.0"]);
});

const scores = {
  figures: { grid: { "AR@1000": { value: 0.32, low: 0.25, high: 0.4, n: 7 } } },
  metrics: { recall: { code: metricCode(recall), figures: ["AR@1000"] } },
};

/** A finished run with these scores, whose manifest is then changed; what tables are told of it, and what they read. */
async function tabled(change: (manifest: string) => string) {
  const results = await mkdtemp(join(tmpdir(), "scores-"));
  const run = await openRun(results, { ...exampleManifest(), protocols: { grid: "anything-ar1000" } });
  await run.append(1, []);
  const sealed = await run.sealed();
  await run.update({ ...scoresRecord(scores, sealed, "sources"), status: { state: "done", ...sealed } });
  await run.close();
  const file = join(results, run.id, "manifest.json");
  await writeFile(file, change(await readFile(file, "utf8")));
  const notices: string[] = [];
  const choice = { results, names: [], all: false };
  const runs = await chosenRuns(choice, (text) => notices.push(text)).catch(() => []);
  const reports = await Promise.all(runs.map((each) => reportOf(each)));
  return {
    figures: reports.map(({ prompts }) => prompts.grid?.["AR@1000"]),
    notices: notices.join("\n"),
    run,
    results,
  };
}

test("stored scores that were not changed are tabled", async () => {
  expect(await tabled((text) => text)).toMatchObject({ figures: [scores.figures.grid["AR@1000"]], notices: "" });
});

test("a stored score that was changed is damage, and is in no table", async () => {
  const inside = await tabled((text) => text.replace('"value": 0.32', '"value": 0.39'));
  expect(inside.figures).toEqual([]);
  expect(inside.notices).toMatch(
    /manifest\.json: the stored scores are not those that were computed of these rows \(found sha256 \w+, expected sha256 \w+\)/,
  );
  const outside = await tabled((text) => text.replace('"value": 0.32', '"value": 0.98'));
  expect(outside).toMatchObject({
    figures: [],
    notices: expect.stringContaining("the value lies outside its interval"),
  });
  const above = await tabled((text) => text.replace('"high": 0.4', '"high": 9.8'));
  expect(above).toMatchObject({ figures: [], notices: expect.stringContaining("a fraction over 1") });
});

test("stored scores of other code are damage, those without a hash are not believed", async () => {
  const without = await tabled((text) =>
    text.replace(/,\s*"scored": \{[\s\S]*?\n {2}\}/, "").replace('"value": 0.32', '"value": 0.39'),
  );
  expect(without).toMatchObject({ figures: [undefined], notices: "" });
  const other = await tabled((text) => text.replace('"sources": "sources"', '"sources": "others"'));
  expect(other).toMatchObject({ figures: [], notices: expect.stringContaining("are not those that were computed") });
});

test("a run that is opened to be written forgets its scores, since its rows may become others", async () => {
  const { run, results } = await tabled((text) => text);
  const again = await openRun(results, run.manifest);
  await again.update({ status: { state: "running" } });
  await again.close();
  const { manifest, folder } = await readRun(results, run.id);
  expect(manifest).not.toHaveProperty("scores");
  expect(await damageOf(folder, manifest)).toBeUndefined();
});
