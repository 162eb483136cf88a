import { cp, mkdir, mkdtemp, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { HarnessError } from "../errors.ts";
import { storeExample } from "../report/fixtures/runs.ts";
import { findRun, newestOfEach, readableRuns } from "../results/storedRuns.ts";
import type { Manifest } from "../store/schema.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { list } from "./list.ts";
import { table } from "./table.ts";

const newResults = () => mkdtemp(join(tmpdir(), "table-"));

async function tableOf(args: Readonly<Record<string, unknown>>) {
  const console = memoryConsole();
  expect(await table.run(args, console)).toBe(0);
  return console.said;
}

async function failureOf(args: Readonly<Record<string, unknown>>): Promise<HarnessError> {
  const error: unknown = await table.run(args, memoryConsole()).catch((thrown: unknown) => thrown);
  if (error instanceof HarnessError) return error;
  throw new Error("expected a HarnessError");
}

/** Each the hash of its example's plan. */
const ids = { new: "sam-nano-d61378e7615e", old: "sam-nano-11cc3d2bd245", one: "mobilesam-1a427c87b849" };

/** Three runs: two of sam-nano a day apart, one of another variant. */
async function exampleResults(): Promise<string> {
  const results = await newResults();
  const ious = { box: [0.5, 0.7] };
  const manifest = (day: number) => ({ createdAt: `2024-05-0${day}T12:00:00.000Z` });
  await storeExample(results, { variant: "sam-nano", ious, plan: "new", manifest: manifest(3) });
  await storeExample(results, { variant: "sam-nano", ious, plan: "old", manifest: manifest(2) });
  await storeExample(results, { variant: "mobilesam", ious, manifest: manifest(1) });
  return results;
}

const idsOf = (json: string) => (JSON.parse(json) as { runs: { id: string }[] }).runs.map(({ id }) => id);

test("the newest run of each variant is printed, oldest first; --all prints every run", async () => {
  const results = await exampleResults();
  expect(idsOf((await tableOf({ results, json: true })).out)).toEqual([ids.one, ids.new]);
  expect(idsOf((await tableOf({ results, json: true, all: true })).out)).toEqual([ids.one, ids.old, ids.new]);
  const { out, notes } = await tableOf({ results });
  expect(out).toMatch(/^mobilesam +nano +60\.0$/m);
  expect(notes).toBe("");
});

test("runs are named by their id or the beginning of one", async () => {
  const results = await exampleResults();
  const { out } = await tableOf({ results, json: true, run: ["sam-nano-11c", "mobilesam"] });
  expect(idsOf(out)).toEqual([ids.old, ids.one]);
});

test("a run is named by its folder too, wherever it lies, in table, score and export alike", async () => {
  const results = await exampleResults();
  const folder = join(results, ids.old);
  const elsewhere = join(await newResults(), "nothing");
  expect(idsOf((await tableOf({ results: elsewhere, json: true, run: [folder] })).out)).toEqual([ids.old]);
  for (const name of [folder, ids.old, "sam-nano-11c"])
    expect((await findRun(name, name === folder ? elsewhere : results)).id).toBe(ids.old);
  await expect(findRun("sam-nano-d61378e7615f", results)).rejects.toThrow("did you mean");
});

test("--dataset keeps the runs on one data set, and names those that there are", async () => {
  const results = await exampleResults();
  const { dataset } = (await findRun(ids.one, results)).manifest;
  expect(idsOf((await tableOf({ results, json: true, dataset: dataset.id })).out)).toEqual([ids.one, ids.new]);
  expect((await failureOf({ results, dataset: "lvis-val" })).message).toBe(
    `unknown data set of a stored run: lvis-val; known: ${dataset.id}`,
  );
});

test("a name before the hash is its own run's, though another run's name begins so", async () => {
  const results = await exampleResults();
  await rename(join(results, ids.old), join(results, ids.old.replace("sam-nano", "sam-nano-x")));
  const { folder } = await findRun("sam-nano", results);
  expect(basename(folder)).toBe(ids.new);
});

test("an unknown run suggests the nearest, a beginning of two names both", async () => {
  const results = await exampleResults();
  expect((await failureOf({ results, run: ["sam-nano-d61378e7615f"] })).message).toBe(
    `unknown run: sam-nano-d61378e7615f; did you mean ${ids.new}?`,
  );
  expect((await failureOf({ results, run: ["sam-nano"] })).message).toBe(
    `run sam-nano: several runs begin so (found [${ids.old}, ${ids.new}], expected one of them)`,
  );
});

test("a folder without runs says how to make one", async () => {
  const results = join(await newResults(), "nothing");
  expect((await failureOf({ results })).hint).toContain("bench run");
  expect((await failureOf({ results, run: ["sam-nano"] })).hint).toContain("bench run");
});

test("a run that can not be read is named and left out", async () => {
  const results = await exampleResults();
  await mkdir(join(results, "broken"));
  await writeFile(join(results, "broken", "manifest.json"), "{");
  const { out, notes } = await tableOf({ results, json: true });
  expect(idsOf(out)).toEqual([ids.one, ids.new]);
  expect(notes).toMatch(/^left out: .*manifest\.json: not JSON/);
});

test("a newer run that did not finish does not take the place of a finished one", async () => {
  const results = await newResults();
  const done = await storeExample(results, { variant: "sam-nano", plan: "a", manifest: { createdAt: "2024" } });
  const stopped = await storeExample(results, {
    variant: "sam-nano",
    plan: "b",
    manifest: { createdAt: "2025", status: { state: "stopped", message: "ctrl-c" } },
  });
  const chosen = (...runs: readonly (typeof done)[]) => newestOfEach(runs.map(({ manifest }) => manifest));
  expect(chosen(done, stopped).map(({ id }) => id)).toEqual([done.id]);
  expect(chosen(stopped).map(({ id }) => id)).toEqual([stopped.id]);
});

test("more columns are printed on request, and all notes", async () => {
  const results = await exampleResults();
  expect((await tableOf({ results, columns: ["all"] })).out).toContain("mIoU small");
  expect((await tableOf({ results })).out).not.toContain("mIoU small");
  expect((await tableOf({ results, columns: ["miou.box.small"] })).out).toMatch(/^variant +box$/m);
  expect((await tableOf({ results, notes: true })).out).toContain("mIoU: mean over n instances");
  expect((await tableOf({ results })).out).not.toContain("mIoU: mean over n instances");
});

test("unfinished runs are counted and left out beside finished ones, unless they are asked for", async () => {
  const results = await newResults();
  await storeExample(results, { variant: "mobilesam", ious: { box: [0.5] } });
  const status = { state: "stopped", message: "ctrl-c" } as const;
  await storeExample(results, { variant: "sam-nano", ious: { box: [0.6] }, manifest: { status } });
  const { out } = await tableOf({ results });
  expect(out).toContain("1 unfinished run left out, --unfinished shows it");
  expect(out).not.toContain("sam-nano");
  const asked = (await tableOf({ results, unfinished: true })).out;
  expect(asked).toMatch(/^sam-nano † +nano/m);
  expect(asked).toContain("† not finished");
  expect(JSON.parse((await tableOf({ results, json: true })).out).runs).toHaveLength(2);
  expect((await tableOf({ results, run: ["sam-nano"] })).out).toContain("sam-nano †");
});

test("the table keeps to the terminal's width, and is bold on it unless NO_COLOR is set", async () => {
  const results = await newResults();
  for (const [variant, iou] of [
    ["mobilesam", 0.5],
    ["sam-nano", 0.6],
  ] as const)
    await storeExample(results, { variant, ious: { box: [iou], "1p": [iou], "3p": [iou] }, encodeMs: [40, 41] });
  const shown = async (columns: number) => {
    const console = memoryConsole();
    Object.assign(console.out, { isTTY: true, columns });
    expect(await table.run({ results }, console)).toBe(0);
    return console.said.out;
  };
  vi.stubEnv("TERM", "xterm");
  vi.stubEnv("NO_COLOR", "");
  const bold = await shown(60);
  expect(bold).toContain("\u001b[1m60.0\u001b[22m");
  expect(bold).toContain("bold: best of its column");
  vi.stubEnv("NO_COLOR", "1");
  const plain = await shown(60);
  expect(plain).not.toContain("\u001b");
  expect(plain).toContain("60.0*");
  expect(plain.split("\n").filter((line) => line.length > 60)).toEqual([]);
  vi.unstubAllEnvs();
});

/** Returns a copy of the stored run of version 1 that the store's own tests read: a table leaves an index beside its runs. */
async function version1(): Promise<string> {
  const results = await newResults();
  await cp(fileURLToPath(new URL("../store/fixtures/version1", import.meta.url)), results, { recursive: true });
  return results;
}

test("a run of an earlier version is tabled with – for memory and GMACs, and with the reasons", async () => {
  const { out } = await tableOf({ results: await version1(), wide: true, notes: true });
  expect(out).toMatch(/total +memory/);
  expect(out).toMatch(/GMACs +GMACs/);
  expect(out).toMatch(/^ptq4sam\/sam-nano\/w8a8 +nano +[\d.]+ .* +– +1\.04 /m);
  expect(out.replaceAll(/\s+/g, " ")).toMatch(/recorded by an earlier version/);
  expect(out).toMatch(/no memory: memory was measured in a process that held the data set's annotations as well/);
  expect(out).toMatch(/no GMACs: GMACs were those of the fused graph/);
});

test("a run of an earlier version stands back for one of this version that answers the same question", async () => {
  const [earlier] = await readableRuns(await version1(), () => undefined);
  const { absent: _, ...present } = earlier!;
  const newer: Manifest = { ...present, id: "newer", status: { state: "stopped", message: "" } };
  expect(newestOfEach([earlier!, newer]).map(({ id }) => id)).toEqual(["newer"]);
  expect(newestOfEach([earlier!]).map(({ id }) => id)).toEqual([earlier!.id]);
});

test("a run whose rows were cut is left out of the table with the reason, and listed as damaged", async () => {
  const results = await exampleResults();
  const rows = join(results, ids.new, "rows.jsonl");
  await writeFile(rows, (await readFile(rows, "utf8")).split("\n").slice(0, 3).join("\n").concat("\n"));
  const { out, notes } = await tableOf({ results, json: true });
  expect(idsOf(out)).toEqual([ids.one, ids.old]);
  expect(notes).toMatch(/^left out, damaged: .*rows\.jsonl: does not hold what the run ended with \(found 1 images/m);
  expect((await failureOf({ results, run: [ids.new] })).message).toMatch(/the run is damaged$/);
  const console = memoryConsole();
  await list.run({ what: "runs", results }, console);
  expect(console.said.out).toMatch(/^sam-nano-d61378e7615e .* damaged /m);
});
