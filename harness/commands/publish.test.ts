import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { storePublishable } from "../history/fixtures/runs.ts";
import { readPublished } from "../history/folder.ts";
import { type ExampleRun, exampleGraphs } from "../report/fixtures/runs.ts";
import { bench, memoryConsole } from "./fixtures/bench.ts";
import { publish } from "./publish.ts";
import { table } from "./table.ts";

let folder: string;
let results: string;
let to: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "publish-"));
  results = join(folder, "results");
  to = join(folder, "published");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const commit = "0123456789abcdef0123456789abcdef01234567";
const measured: ExampleRun = {
  variant: "sam-nano",
  ious: { box: [0.7, 0.81, 0.93], "1p": [0.5, 0.6, 0.7] },
  spread: 0.013,
  images: 7,
  encodeMs: [40.1, 41.7, 39.3, 44.2, 40.9, 40.2],
  manifest: exampleGraphs,
};

async function publishing(run: readonly string[], args: Readonly<Record<string, unknown>> = {}) {
  const console = memoryConsole();
  const code = await publish.run({ run, results, to, commit, ...args }, console);
  return { code, ...console.said };
}

async function published() {
  return readPublished(to, (text) => expect(text).toBe(""));
}

test("every figure is that of the table, to the last digit", async () => {
  const { id } = await storePublishable(results, measured);
  await publishing([id]);
  const [{ record }] = (await published()) as [Awaited<ReturnType<typeof published>>[number]];
  const console = memoryConsole();
  await table.run({ results, json: true }, console);
  const [report] = JSON.parse(console.said.out).runs;
  const prompts = Object.entries(record.prompts).map(([name, { protocol, figures }]) => [
    name,
    { protocol, ...figures },
  ]);
  expect(Object.fromEntries(prompts)).toEqual(report.prompts);
  for (const stage of ["prepare", "encode", "decode", "upscale"] as const) {
    const { low, high, ...summary } = record.latency[stage]!;
    expect(summary).toEqual(report.latency[stage]);
    expect(low).toBeLessThanOrEqual(summary.median);
    expect(high).toBeGreaterThanOrEqual(summary.median);
  }
  expect(record.memory.model).toEqual(report.modelMemory);
  expect(record.headline).toBe("miou.box");
  expect(Object.values(record.prompts.box!.metrics.miou!.figures)).toContain("miou.box.small");
  expect(record).toMatchObject({ commit: { hash: commit }, data: { images: { finished: 7, failed: 0 } } });
});

test("the same run twice is one file of the same bytes", async () => {
  const { id } = await storePublishable(results, measured);
  await publishing([id]);
  const [name] = readdirSync(to);
  const bytes = readFileSync(join(to, name!));
  const { out } = await publishing([id]);
  expect(out).toContain("here before");
  expect(readdirSync(to)).toEqual([name]);
  expect(readFileSync(join(to, name!))).toEqual(bytes);
});

test("a measurement is of one commit: another one is refused, and the one that is checked out later changes nothing", async () => {
  const { id } = await storePublishable(results, measured);
  await publishing([id]);
  await expect(publishing([id], { commit: "fedcba9" })).rejects.toThrow(
    `${id}: this measurement is published as one of another commit`,
  );
  const { out } = await publishing([id], { commit: undefined });
  expect(out).toContain(`${commit.slice(0, 7)}  here before`);
  expect(readdirSync(to)).toHaveLength(1);
});

test("it holds no folder, no host and no home", async () => {
  const { id } = await storePublishable(results, measured);
  await publishing([id]);
  const text = readFileSync(join(to, readdirSync(to)[0]!), "utf8");
  for (const own of [folder, homedir(), hostname()]) expect(text).not.toContain(own);
});

test("what is not a whole result is refused by its name, and nothing is written, not even the sound ones", async () => {
  const sound = await storePublishable(results, measured);
  const cases = [
    [{ status: { state: "stopped", message: "Ctrl-C" } }, /is not finished \(found stopped\)/],
    [{ shard: { index: 1, count: 2, images: 14 } }, /is shard 1 of 2, and a part is no result/],
    [{ absent: { scores: "an earlier version" } }, /recorded by an earlier version/],
    [{ harness: undefined }, /recorded by an earlier version/],
  ] as const;
  for (const [i, [manifest, problem]] of cases.entries()) {
    const run = await storePublishable(results, { ...measured, plan: String(i), manifest });
    await expect(publishing([sound.id, run.id])).rejects.toThrow(problem);
  }
  await expect(published()).resolves.toEqual([]);
});

test("seeded weights have latency and no accuracy, and a part that was measured alone is named", async () => {
  const weights = { source: "seeded", label: "seeded" } as const;
  const seeded = await storePublishable(results, { ...measured, plan: "seeded", manifest: { weights } });
  const { out } = await publishing([seeded.id]);
  expect(out).toContain(`${seeded.id}: no accuracy, because its weights are seeded`);
  const [{ record }] = (await published()) as [Awaited<ReturnType<typeof published>>[number]];
  expect(record.prompts).toEqual({});
  expect(record.headline).toBeUndefined();
  expect(record.latency.encode?.n).toBe(6);
});

test("an image that failed makes other images, and so another column", async () => {
  const whole = await storePublishable(results, measured);
  const failed = await storePublishable(results, { ...measured, images: 6, failed: 1, plan: "failed" });
  await publishing([whole.id, failed.id]);
  const hashes = (await published()).map(({ record }) => record.data.images.sha256);
  expect(new Set(hashes).size).toBe(2);
});

test("no run and no list, a word that is no commit: mistakes that say what to do", async () => {
  await expect(publishing([])).rejects.toThrow("bench publish: no run is named");
  const { id } = await storePublishable(results, measured);
  await expect(publishing([id], { commit: "--output=x" })).rejects.toThrow("--commit --output=x: names no commit");
  await expect(published()).resolves.toEqual([]);
});

test("--index lists the results for a page, and --json says what was written", async () => {
  const { id } = await storePublishable(results, measured);
  const { out, notes } = await publishing([id], { index: true, json: true });
  const said = JSON.parse(out);
  expect(said.indexed).toBe(1);
  expect(said.published[0]).toMatchObject({ state: "written", record: { run: { id } } });
  expect(notes).toContain("index.json: 1 result");
  const { results: listed } = JSON.parse(readFileSync(join(to, "index.json"), "utf8"));
  expect(listed[0]).toMatchObject({ variant: "sam-nano", figures: { box: { protocol: "miou-gtbox-argmax" } } });
});

test("the commit is the one that is checked out where the command runs, with its date and whether it has changes", async () => {
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", ...args], { cwd: folder });
  const { id } = await storePublishable(results, measured);
  git("init", "--quiet");
  git("commit", "--quiet", "--allow-empty", "--date", "2026-03-04T10:00:00+02:00", "--message", "one");
  const { code, out } = await bench(["publish", id, "--json"], { cwd: folder, env: { GIT_COMMITTER_DATE: undefined } });
  expect(code).toBe(0);
  const [{ record }] = JSON.parse(out).published;
  expect(record.commit).toMatchObject({ hash: git("rev-parse", "HEAD").toString().trim(), dirty: false });
  expect(Date.parse(record.commit.date)).toBeGreaterThan(0);
});
