import {
  appendFile,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { storeExample } from "../report/fixtures/runs.ts";
import { indexKey } from "../results/index/indexKey.ts";
import { acquireLock } from "../store/disk/lock.ts";
import { readSealed, writeSealed } from "../store/disk/sealedLines.ts";
import { renameRun } from "../store/rename.ts";
import { openRun } from "../store/store.ts";
import { bench, memoryConsole } from "./fixtures/bench.ts";
import { codeBlocks, readPage } from "./fixtures/markdown.ts";
import { list } from "./list.ts";
import { table } from "./table.ts";

type Args = Readonly<Record<string, unknown>>;

const tableOf = async (results: string, args: Args = {}) => {
  const console = memoryConsole();
  expect(await table.run({ results, ...args }, console)).toBe(0);
  return console.said;
};

const listOfRuns = async (results: string, args: Args = {}) => {
  const console = memoryConsole();
  expect(await list.run({ what: "runs", results, ...args }, console)).toBe(0);
  return console.said;
};

/** Waits until a change of a file gets another time than the last. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 150));

const ids = { nano: "sam-nano-0affac183e01", mobile: "mobilesam-1a427c87b849" };

/** Two runs of different variants, on disk for long enough. */
async function exampleResults(): Promise<string> {
  const results = await mkdtemp(join(tmpdir(), "run-index-"));
  const example = { images: 6, spread: 0.01, failed: 1, encodeMs: [30, 31, 35, 29] };
  await storeExample(results, { variant: "sam-nano", ious: { box: [0.5, 0.7], "1p": [0.3] }, ...example });
  await storeExample(results, { variant: "mobilesam", ious: { box: [0.4, 0.6], "1p": [0.2] }, ...example });
  await settled();
  return results;
}

const indexOf = (results: string) => join(results, ".index");

const filesOf = async (results: string) =>
  (await readdir(indexOf(results))).map((name) => name.replace(/-.*/, "")).sort();

/** Changes the digits of a run's figures in the index, under a whole seal, so that it shows where they are taken from. */
async function plant(results: string): Promise<void> {
  const key = await indexKey();
  const file = join(indexOf(results), `reports-${key.slice(0, 12)}`);
  const lines = [...(await readSealed(file, key))];
  expect(lines).toHaveLength(2);
  const planted = lines.map(([id, { state, text }]) => {
    const entry = JSON.parse(text) as { report: { prompts: Record<string, Record<string, unknown>> } };
    entry.report.prompts.box!.miou = { value: 0.123, n: 1 };
    return [id, { state, text: JSON.stringify(entry) }] as const;
  });
  await writeSealed(file, key, new Map(planted));
}

test("lists and tables are the same to the byte without an index, from one, and when it is gone again", async () => {
  const results = await exampleResults();
  const all = async () => [
    await listOfRuns(results),
    await listOfRuns(results, { json: true }),
    await tableOf(results),
    await tableOf(results, { columns: ["all"], notes: true }),
    await tableOf(results, { all: true, json: true }),
    await tableOf(results, { format: "csv", run: [ids.nano] }),
    await tableOf(results, { format: "latex" }),
  ];
  const first = await tableOf(results, { all: true, json: true });
  expect(await filesOf(results)).toEqual(["facts", "reports"]);
  const second = await all();
  expect(second[4]).toEqual(first);
  await rm(indexOf(results), { recursive: true });
  // Where the index should be lies a file, so that none can be written: each is computed.
  await writeFile(indexOf(results), "");
  expect(await all()).toEqual(second);
});

test("the second table is of the index, and one of other metrics is not", async () => {
  const results = await exampleResults();
  await tableOf(results);
  await plant(results);
  expect((await tableOf(results)).out).toContain(" 12.3");
  expect((await tableOf(results, { run: [ids.nano] })).out).toContain(" 12.3");
  const metric = codeBlocks(readPage("harness/metrics/README.md")).find(({ language }) => language === "ts")!;
  const plugin = [join(results, "misses.mts")];
  await writeFile(plugin[0]!, metric.text);
  for (const call of ["first", "second"]) {
    const { out } = await tableOf(results, { plugin, columns: ["all"] });
    expect(out, call).toMatch(/mIoU.* misses/);
    expect(out, call).not.toContain(" 12.3");
  }
});

/** Changes one byte of a file and leaves its length as it is. */
async function flip(file: string): Promise<void> {
  const handle = await open(file, "r+");
  await handle.write("8", (await handle.stat()).size - 40);
  await handle.close();
}

test("a file that changes is noticed: its bytes alone, with its old time, the latencies, the manifest", async () => {
  for (const name of ["rows.jsonl", "latency.jsonl"])
    for (const kept of [false, true]) {
      const results = await exampleResults();
      const file = join(results, ids.nano, name);
      // A whole second, which can be set again to the nanosecond.
      await utimes(file, 1e9, 1e9);
      await settled();
      const before = await stat(file);
      await tableOf(results);
      await flip(file);
      if (kept) await utimes(file, 1e9, 1e9);
      const after = await stat(file);
      expect(after.size).toBe(before.size);
      expect(after.mtimeMs === before.mtimeMs).toBe(kept);
      const { out, notes } = await tableOf(results);
      expect(out).not.toContain("sam-nano");
      expect(notes).toContain(`left out, damaged: ${file}`);
      expect((await listOfRuns(results)).out).toMatch(/^sam-nano-\S+ .* damaged /m);
    }
  const results = await exampleResults();
  await tableOf(results);
  await renameRun(results, ids.nano, "sam-nano:mine");
  expect((await tableOf(results)).out).toContain("sam-nano:mine");
  expect((await listOfRuns(results)).out).toContain("sam-nano:mine");
});

test("a run that is added is in the next table, and one that is gone is not", async () => {
  const results = await exampleResults();
  await tableOf(results);
  await storeExample(results, { variant: "efficientsam", ious: { box: [0.9] }, images: 6 });
  expect((await tableOf(results)).out).toContain("efficientsam");
  await rm(join(results, ids.nano), { recursive: true });
  const { out } = await tableOf(results);
  expect(out).not.toContain("sam-nano");
  expect(out).toContain("efficientsam");
});

test("a run that a process writes is never answered from the index", async () => {
  const results = await exampleResults();
  const { out } = await tableOf(results);
  await plant(results);
  const lock = await acquireLock(join(results, ids.nano, "lock"));
  expect((await tableOf(results)).out).toMatch(/^sam-nano .* 60\.0 ±2\.0/m);
  await lock.release();
  expect((await tableOf(results)).out).toMatch(/^sam-nano .* 12\.3/m);
  const stored = JSON.parse(await readFile(join(results, ids.nano, "manifest.json"), "utf8"));
  const run = await openRun(results, stored);
  try {
    expect(out).toMatch(/^sam-nano .* 60\.0 ±2\.0/m);
    const written = await tableOf(results);
    expect(written.out).toMatch(/^sam-nano .* 60\.0 ±2\.0/m);
    expect(written.out).toMatch(/^mobilesam .* 12\.3/m);
    await run.update({ status: { state: "running" } });
    expect((await listOfRuns(results)).out).toMatch(/^sam-nano-\S+ .* running /m);
  } finally {
    await run.close();
  }
});

test("an index that was damaged, or that is another run's or another folder's, is rebuilt without a word", async () => {
  const results = await exampleResults();
  const first = await tableOf(results);
  const key = await indexKey();
  const file = join(indexOf(results), `reports-${key.slice(0, 12)}`);
  const whole = await readFile(file, "utf8");
  const damages: readonly ((text: string) => string)[] = [
    () => "",
    () => "not an index\n",
    (text) => text.slice(0, text.length / 2),
    (text) => text.replaceAll('"value":0.', '"value":0.1'),
    // The seal of one run before the report of the other.
    (text) => text.replaceAll(ids.nano, "x").replaceAll(ids.mobile, ids.nano).replaceAll("x", ids.mobile),
    (text) => text.replaceAll("\t", " "),
  ];
  for (const damage of damages) {
    await writeFile(file, damage(whole));
    expect(await tableOf(results)).toEqual(first);
    expect(await readFile(file, "utf8")).toBe(whole);
  }
  await rm(file);
  await mkdir(file);
  expect(await tableOf(results)).toEqual(first);
  await rm(file, { recursive: true });
  await tableOf(results);
  await plant(results);
  // A copy has the index of another folder, with figures that nobody computed of these files.
  const copy = join(await mkdtemp(join(tmpdir(), "run-index-")), "copy");
  await cp(results, copy, { recursive: true, preserveTimestamps: true });
  expect((await tableOf(copy)).out.replaceAll(copy, results)).toBe(first.out);
});

test("a text that is no report is none, under a whole seal too", async () => {
  const results = await exampleResults();
  const first = await tableOf(results);
  const key = await indexKey();
  const file = join(indexOf(results), `reports-${key.slice(0, 12)}`);
  for (const change of [
    (text: string) => text.replace('"latency":', '"latencies":'),
    (text: string) => text.replace(/"n":\d+/, '"n":-1'),
    (text: string) => text.replace(/"rowsSha256":"./, '"rowsSha256":"'),
    () => "{",
  ]) {
    const lines = [...(await readSealed(file, key))].map(
      ([id, { state, text }]) => [id, { state, text: change(text) }] as const,
    );
    await writeSealed(file, key, new Map(lines));
    expect(await tableOf(results)).toEqual(first);
  }
});

// Root may write everywhere.
test.skipIf(process.getuid?.() === 0)(
  "a results folder that can not be written is read all the same (needs a user who is not root)",
  async () => {
    const results = await exampleResults();
    const first = await tableOf(results);
    await rm(indexOf(results), { recursive: true });
    await chmod(results, 0o555);
    try {
      expect(await tableOf(results)).toEqual(first);
      expect(await readdir(results)).not.toContain(".index");
    } finally {
      await chmod(results, 0o755);
    }
  },
);

test("two processes at once print the same, and leave a whole index", async () => {
  const results = await exampleResults();
  const calls = () => bench(["table", "--all", "--json", "--results", results]);
  // The code is compiled before, so that the two meet in the index alone.
  await bench(["list", "papers"]);
  const [one, two] = await Promise.all([calls(), calls()]);
  expect(one).toEqual(two);
  expect(one.code).toBe(0);
  expect((await readdir(indexOf(results))).filter((name) => name.endsWith(".half"))).toEqual([]);
  await plant(results);
  expect(JSON.parse((await calls()).out).runs).toMatchObject([
    { prompts: { box: { miou: { value: 0.123 } } } },
    { prompts: { box: { miou: { value: 0.123 } } } },
  ]);
});

test("a line behind the end of a finished run's rows is noticed", async () => {
  const results = await exampleResults();
  await tableOf(results);
  await appendFile(join(results, ids.mobile, "rows.jsonl"), "x");
  expect((await tableOf(results)).notes).toContain("goes on behind its last image");
});
