import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { examplePrompts, exampleRecord, exampleStage } from "../history/fixtures/columns.ts";
import { storePublishable } from "../history/fixtures/runs.ts";
import { writeRecord } from "../history/folder.ts";
import { chartWarnings } from "../report/charts/drawing/vega.ts";
import type { ExampleRun } from "../report/fixtures/runs.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { compareIn } from "./fixtures/comparing.ts";
import { history } from "./history.ts";
import { publish } from "./publish.ts";

let folder: string;
let results: string;
let published: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "history-"));
  results = join(folder, "results");
  published = join(folder, "published");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function showing(args: Readonly<Record<string, unknown>> = {}, columns?: number) {
  const console = memoryConsole(columns);
  expect(await history.run({ results, published, theme: "light", ...args }, console)).toBe(0);
  return console.said;
}

/** Publishes a result a day, with a slowdown of a fifth and an accuracy that falls by a point on the sixth. */
async function publishNine(): Promise<readonly string[]> {
  const encode = [20, 20.4, 19.8, 20.1, 20.3, 24.2, 23.9, 24.1, 23.7];
  const miou = [0.612, 0.6132, 0.6115, 0.6127, 0.6119, 0.6015, 0.6028, 0.6011, 0.602];
  const names = [];
  for (const [i, ms] of encode.entries())
    names.push(
      await writeRecord(
        published,
        exampleRecord(i + 1, { prompts: { box: examplePrompts(miou[i]!) }, latency: { encode: exampleStage(ms) } }),
      ),
    );
  return names;
}

test("it says first where a figure changed, by how much and how surely, and then shows each result", async () => {
  await publishNine();
  const { out } = await showing({}, 100);
  const sixth = exampleRecord(6).commit!.hash.slice(0, 7);
  const [accuracy, latency] = out.split("\n\n\n") as [string, string];
  expect(accuracy.replaceAll(/\n {2}/g, " ")).toMatch(
    new RegExp(`^miou.box of sam-nano: 9 results from 2026-03-01 to 2026-03-09; at ${sixth}: worse, 61.23 → 60.19 % `),
  );
  expect(accuracy.replaceAll(/\n {2}/g, " ")).toMatch(/\(−1\.04 points, 95 % interval −\d\.\d\d to −0\.\d\d\)/);
  expect(accuracy).toMatch(/^2026-03-06 .* 60\.15 .* −1\.04 +worse from here on$/m);
  expect(latency).toMatch(/^encode of sam-nano: 9 results /);
  expect(latency).toMatch(/^2026-03-06 .* 24\.2 .* \+19\.2 +slower from here on$/m);
});

test.each([40, 80, 100, 160])("in %i columns no line is longer", async (columns) => {
  await publishNine();
  const { out } = await showing({}, columns);
  // Names that commands take are never cut, and the narrowest table of names and verdicts has 58 characters.
  for (const each of out.split("\n")) expect(each.length).toBeLessThanOrEqual(Math.max(columns, 60));
});

test("results of other conditions are other columns, and each says in what it differs", async () => {
  await publishNine();
  await writeRecord(published, exampleRecord(10, { seed: 1 }));
  const { out } = await showing({ figure: ["miou.box"] });
  const columns = out.split("\n\n\n");
  expect(columns).toHaveLength(2);
  expect(columns[1]).toMatch(/^miou.box of sam-nano: 1 result of 2026-03-10; nothing to compare it with/);
  for (const each of columns)
    expect(each).toContain("another column of miou.box stands apart, because it differs in: seed");
});

test("a damaged result is named and is in no column", async () => {
  const names = await publishNine();
  const file = join(published, names[0]!);
  writeFileSync(file, readFileSync(file, "utf8").replace('"value":0.612', '"value":0.912'));
  const { out, notes } = await showing();
  expect(notes).toContain(`${names[0]}: is not what was published under this name`);
  expect(out).toContain("8 results from 2026-03-02 to 2026-03-09");
});

/** A run whose second target is `less` worse on each image, and a little more on every other. */
function run(plan: string, less: number): ExampleRun {
  return {
    variant: "sam-nano",
    plan,
    ious: { box: [0.7, 0.8 - less] },
    spread: 0.004 - less / 10,
    images: 12,
    manifest: {
      dataset: { id: "coco", fingerprint: "f1", images: 12, warnings: [] },
      createdAt: `2026-03-0${plan}T12:00:00.000Z`,
      weights: { source: "nano", label: "nano", sha256: plan.repeat(64) },
    },
  };
}

test("runs that are stored here count without being published, and are paired by image as bench compare pairs them", async () => {
  const first = await storePublishable(results, run("1", 0));
  const second = await storePublishable(results, run("2", 0.05));
  const { out } = await showing({ json: true, figure: ["miou.box"] });
  const [column] = JSON.parse(out).columns;
  expect(column.points.map((each: { run: string; rows: boolean }) => [each.run, each.rows])).toEqual([
    [first.id, true],
    [second.id, true],
  ]);
  expect(column.changes).toMatchObject([{ at: 1, by: "paired" }]);
  const compared = await compareIn(results, first.id, [second.id], { json: true });
  const figure = JSON.parse(compared.out).comparisons[0].figures.find(
    (each: { figure: string }) => each.figure === "miou.box",
  );
  expect(column.changes[0].difference).toEqual(figure.difference);
  expect(column.pairs[0].p).toBe(figure.p);
});

test("a run that is stored and published is one result, with the commit of the one and the rows of the other", async () => {
  const { id } = await storePublishable(results, run("1", 0));
  await publish.run({ run: [id], results, to: published, commit: "abcdef0" }, memoryConsole());
  const { out } = await showing({ json: true, figure: ["miou.box"] });
  const [{ points }] = JSON.parse(out).columns;
  expect(points).toHaveLength(1);
  expect(points[0]).toMatchObject({
    run: id,
    rows: true,
    commit: { hash: "abcdef0" },
    file: readdirSync(published)[0],
  });
});

test("a published result that says other figures than its run, which is here, is left out", async () => {
  const { id } = await storePublishable(results, run("1", 0));
  await publish.run({ run: [id], results, to: published, commit: "abcdef0" }, memoryConsole());
  const [name] = readdirSync(published);
  const record = JSON.parse(readFileSync(join(published, name!), "utf8"));
  rmSync(join(published, name!));
  record.prompts.box.figures.miou.value += 0.001;
  const forged = await writeRecord(published, record);
  const { out, notes } = await showing({ json: true, figure: ["miou.box"] });
  expect(notes).toContain(`${forged} has other figures of box than its run ${id}, which is here`);
  expect(JSON.parse(out).columns[0].points).toMatchObject([{ run: id, rows: true }]);
  expect(JSON.parse(out).columns[0].points[0].file).toBeUndefined();
});

test("a measurement that was published twice counts once", async () => {
  const record = exampleRecord(1);
  await writeRecord(published, record);
  await writeRecord(published, { ...record, commit: { hash: "fedcba9", date: "2026-03-09T00:00:00.000Z" } });
  const { out, notes } = await showing();
  expect(out).toContain("1 result of 2026-03-01");
  expect(notes).toContain("is of the same measurement as");
});

test("a chart has a panel for each column, and marks the changes", async () => {
  await publishNine();
  const out = join(folder, "history.vl.json");
  const { notes } = await showing({ out });
  expect(notes).toContain(`${out}: written`);
  const spec = JSON.parse(readFileSync(out, "utf8"));
  expect(await chartWarnings(spec)).toEqual([]);
  expect(spec.vconcat).toHaveLength(2);
  const svg = join(folder, "history.svg");
  await showing({ out: svg, theme: "dark" });
  expect(readFileSync(svg, "utf8")).toContain("worse −1.04 points");
});

test("no result, an unknown variant and an unknown figure are mistakes that name what there is", async () => {
  await expect(showing()).rejects.toThrow("bench history: no result here");
  await publishNine();
  await expect(showing({ variant: "sam-nanno" })).rejects.toThrow("did you mean sam-nano?");
  await expect(showing({ figure: ["miou.bx"] })).rejects.toThrow("unknown figure: miou.bx; did you mean miou.box?");
});
