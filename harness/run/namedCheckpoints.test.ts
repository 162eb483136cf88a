import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { labelled } from "../report/html/details.ts";
import { exportResults } from "../report/table/resultExport.ts";
import { reportOf } from "../results/report.ts";
import { chosenRuns } from "../results/storedRuns.ts";
import { readManifest, writeManifest } from "../store/manifest.ts";
import { observedRun } from "./fixtures/observedRun.ts";

const flags = { dataset: "shapes", limit: 1, prompts: "box", phase: "accuracy", threads: 1 } as const;

let folder: string;
let results: string;
let mine: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "named-checkpoints-"));
  results = join(folder, "results");
  const small = readFileSync(fileURLToPath(new URL("../../variants/sam/sam-nano.safetensors", import.meta.url)));
  // The last byte is part of a weight: another exponent makes another model.
  small[small.length - 1]! ^= 1;
  mine = join(folder, "mine.safetensors");
  writeFileSync(mine, small);
});
afterAll(() => rmSync(folder, { recursive: true }));

function measured(name: string, notes: string[] = []) {
  const named = { ...flags, variants: `sam-nano,${name}`, checkpoint: [`${name}=${mine}`] };
  return observedRun(named, { results, notes });
}

test("two checkpoints of one variant stand beside each other under their names, in every form", async () => {
  const notes: string[] = [];
  const { runs } = await measured("sam-nano:mine", notes);
  expect(notes).toContain("sam-nano:mine: checkpoint weights, preparing its graphs");
  expect(new Set(runs.map(({ folder: own }) => own)).size).toBe(2);
  const reports = [];
  for (const run of runs) reports.push(await reportOf(run));
  for (const format of ["text", "markdown", "latex", "csv", "json"] as const) {
    const text = String(await exportResults(reports, format));
    expect(text.match(/sam-nano:mine/g), format).not.toBeNull();
  }
  expect(labelled(reports.map((report) => ({ report }))).map(({ label }) => label)).toEqual([
    "sam-nano",
    "sam-nano:mine",
  ]);
});

test("the same file under another name is called by it and is not measured again", async () => {
  const before = await measured("sam-nano:mine");
  const notes: string[] = [];
  const after = await measured("sam-nano:best", notes);
  expect(after.runs.map(({ id }) => id)).toEqual(before.runs.map(({ id }) => id));
  expect(notes).toContainEqual(
    expect.stringMatching(/^sam-nano:best: finished before, nothing to do \(sam-nano-\w+\)$/),
  );
  const stored = await chosenRuns({ results, names: [], all: false }, () => undefined);
  expect(stored.map(({ manifest }) => manifest.variant.name)).toEqual([undefined, "sam-nano:best"]);
  expect(stored[1]!.manifest.scores).toEqual(before.runs[1]!.manifest.scores);
});

test("one file under two names in one command is refused before anything is measured", async () => {
  const two = { ...flags, variants: "sam-nano:a,sam-nano:b", checkpoint: [`sam-nano:a=${mine}`, `sam-nano:b=${mine}`] };
  await expect(observedRun(two, { results: join(folder, "two") })).rejects.toThrow(
    /^sam-nano:a, sam-nano:b: the same weights under two names \(found one run, sam-nano-\w+\)$/,
  );
});

test("a stored name that is not of the run's variant is refused with the file and the field", async () => {
  const { runs } = await measured("sam-nano:mine");
  const manifest = (await readManifest(runs[1]!.folder))!;
  const forged = { ...manifest, variant: { ...manifest.variant, name: "sam-vit-h:mine" } };
  await expect(writeManifest(runs[1]!.folder, forged)).rejects.toThrow("variant.name");
  writeFileSync(join(runs[1]!.folder, "manifest.json"), JSON.stringify(forged));
  await expect(readManifest(runs[1]!.folder)).rejects.toThrow(/manifest\.json: .*variant\.name/);
});
