import { mkdtempSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { Metric } from "../api.ts";
import { ownBook } from "../protocols/index.ts";
import { footLines } from "../report/table/foot.ts";
import { exampleManifest, examplePrediction } from "../store/fixtures/run.ts";
import { openRun, readRun } from "../store/store.ts";
import { heldForAccuracy } from "./accuracy.ts";
import { reportOf } from "./report.ts";
import { scoresOf, scoresRecord } from "./scores/scores.ts";

const file = join(mkdtempSync(join(tmpdir(), "accuracy-")), "metric.mts");
writeFileSync(file, "export default 1;\n");

/** Rows for each annotation; it joins every protocol. */
const found: Metric = {
  module: pathToFileURL(file).href,
  id: "found",
  title: "targets found",
  about: "rows for each annotation",
  headline: "found",
  better: "higher",
  unit: "fraction",
  needs: "annotations",
  reads: ["iou"],
  columns: [{ id: "found", title: "found" }],
  joins: () => true,
  fit: (rows) => () => [{ id: "found", value: rows.length / 2, n: 2 }],
};
const book = { ...ownBook, metrics: [...ownBook.metrics, found] };
const dataset = { categories: [], annotationsOf: () => [] };

/** A finished run on data that lie nowhere, with the metric's figures in it where it is scored. */
async function storedRun(scored: "scored" | "not scored", protocols: Readonly<Record<string, string>>) {
  const results = await mkdtemp(join(tmpdir(), "accuracy-"));
  const base = exampleManifest();
  const run = await openRun(results, { ...base, protocols, dataset: { ...base.dataset, id: "coco", images: 1 } });
  await run.append(1, [{ ...examplePrediction(1, 0, 0.5), prompts: "box", protocol: protocols.box! }]);
  const prompts = Object.entries(protocols).map(([name, id]) => ({ prompts: name, protocol: { id } }));
  const scores = scored === "scored" ? await scoresOf(run, { prompts, dataset, seed: 0, book }) : undefined;
  const sealed = await run.sealed();
  const record = scores === undefined ? {} : scoresRecord(scores, sealed, "sources");
  await run.update({ ...record, status: { state: "done", ...sealed } });
  await run.close();
  return readRun(results, run.id);
}

test("stored figures are shown while their metric's code is what computed them, then absent with the reason", async () => {
  const run = await storedRun("scored", { box: "miou-gtbox-argmax" });
  expect((await reportOf(run, { book })).prompts.box).toMatchObject({
    miou: { value: 0.5 },
    found: { value: 0.5, n: 2 },
  });
  writeFileSync(file, "export default 2; // another metric\n");
  const report = await reportOf(run, { book });
  expect(report.prompts.box).not.toHaveProperty("found");
  const reason = `its code has changed since it was computed; bench score ${run.id} --data DIR computes it`;
  expect(report.absent).toEqual({ "targets found": reason });
  expect(footLines([report], undefined)).toContain(`${report.variant}: no targets found: ${reason}`);
  expect(report.prompts.box).toHaveProperty("miou");
});

test("masks stay in memory only where a metric is computed from them, and reach it from the one reading", async () => {
  const run = await storedRun("scored", { box: "miou-gtbox-argmax" });
  expect(heldForAccuracy(run.manifest, { book })).toBe("figures");
  const unscored = await storedRun("not scored", { box: "miou-gtbox-argmax" });
  expect(heldForAccuracy(unscored.manifest, { book })).toBe("masks");
  const weights = { source: "seeded", label: "seeded weights, version 1" } as const;
  expect(heldForAccuracy({ ...unscored.manifest, weights }, { book })).toBe("figures");
  const masks: Metric = {
    ...found,
    id: "masks",
    needs: "rows",
    reads: ["mask"],
    headline: "masks",
    columns: [{ id: "masks", title: "masks" }],
    fit: (rows) => () => [{ id: "masks", value: rows.filter(({ mask }) => mask.counts !== "").length, n: 1 }],
  };
  const withMasks = { ...ownBook, metrics: [...ownBook.metrics, masks] };
  expect(heldForAccuracy(run.manifest, { book: withMasks })).toBe("masks");
  expect((await reportOf(run, { book: withMasks })).prompts.box).toMatchObject({ masks: { value: 1 } });
});

test("a metric that was not known when the run ended is absent with the reason", async () => {
  const run = await storedRun("not scored", { box: "miou-gtbox-argmax" });
  const { absent } = await reportOf(run, { book });
  expect(absent!["targets found"]).toMatch(/^it was not computed when the run ended; bench score .+ --data DIR/);
});

test("figures of a metric and prompts of a protocol that are not known here are named", async () => {
  const run = await storedRun("scored", { box: "miou-gtbox-argmax" });
  const { warnings, prompts } = await reportOf(run);
  expect(Object.keys(prompts.box!)).toEqual(["protocol", "miou", "small"]);
  expect(warnings).toContainEqual({
    about: "metrics",
    text: "metric found: the run has figures of it, and it is not known here. Name the module that brings it with --plugin.",
  });
  const other = await reportOf(await storedRun("not scored", { box: "my-boxes" }));
  expect(other.prompts.box).toEqual({ protocol: "my-boxes" });
  expect(other.warnings.map(({ text }) => text)).toContain(
    "prompts box: their protocol my-boxes is not known here, so they have no figures. Name the module that brings it with --plugin.",
  );
});
