import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storeExample } from "../report/fixtures/runs.ts";
import type { RunReport, Score } from "../results/report.ts";
import { compare } from "./compare.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { codeBlocks, readPage } from "./fixtures/markdown.ts";
import { list } from "./list.ts";
import { report } from "./report.ts";
import { score } from "./score.ts";
import { table } from "./table.ts";
import type { Arguments, Command } from "./terminal/command.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-score-plugins-"));
const results = join(folder, "stored");
const misses = join(folder, "misses.mts");
const metric = { plugin: [misses], results };

/** Two variants whose IoUs are known; the page's metric beside them. */
beforeAll(async () => {
  const example = codeBlocks(readPage("harness/metrics/README.md")).find(({ language }) => language === "ts")!;
  writeFileSync(misses, example.text);
  for (const [variant, box] of [
    ["sam-vit-b", [0.4, 0.6, 0.8, 0.9]],
    ["mobilesam", [0.4, 0.3, 0.8, 0.9]],
  ] as const)
    await storeExample(results, {
      variant,
      manifest: { dataset: { id: "coco", fingerprint: "f1", images: 8, warnings: [] } },
      ious: { box, "1p": [0.7] },
      spread: 0.01,
      images: 8,
      encodeMs: [40, 41],
    });
});
afterAll(() => rmSync(folder, { recursive: true }));

const mobilesam = () => readdirSync(results).find((id) => id.startsWith("mobilesam-"))!;

async function ran(command: Command, args: Arguments) {
  const console = memoryConsole();
  const code = await command.run(args, console);
  return { code, ...console.said };
}

test("a metric from outside has its column, its line of the foot and its figures in JSON", async () => {
  const text = (await ran(table, { ...metric, all: true, columns: ["all"], notes: true })).out;
  expect(text).toMatch(/mIoU.* misses +mIoU.* misses/);
  expect(text.replaceAll(/\s+/g, " ")).toContain("mIoU: mean over n instances; misses: share of n instances whose IoU");
  const { runs } = JSON.parse((await ran(table, { ...metric, all: true, json: true })).out);
  const shares = (runs as RunReport[]).map(({ variant, prompts }) => [variant, (prompts.box!.misses as Score).value]);
  expect(Object.fromEntries(shares)).toEqual({ "sam-vit-b": 0.25, mobilesam: 0.5 });
  expect(runs[0].prompts["1p"].misses).toMatchObject({ value: 0, n: 8 });
  expect(runs[0]).not.toHaveProperty("metrics");
});

test("a metric from outside is listed, scored, compared and waited for by --fail-if", async () => {
  expect((await ran(list, { ...metric, what: "metrics" })).out).toMatch(/misses +misses, lower is better +rows/);
  const scored = await ran(score, { ...metric, run: mobilesam(), metric: ["misses"], json: true });
  expect(JSON.parse(scored.out).prompts.box.figures).toEqual({
    misses: expect.objectContaining({ value: 0.5, n: 32 }),
  });
  const sides = { ...metric, a: "sam-vit-b", b: ["mobilesam"], seed: 0, json: true };
  const { comparisons } = JSON.parse((await ran(compare, sides)).out);
  expect(comparisons[0].figures.find(({ figure }: { figure: string }) => figure === "misses.box")).toMatchObject({
    better: "lower",
    difference: { value: 0.25 },
  });
  const gate = await ran(compare, { ...sides, "fail-if": ["misses.box > 20%"] });
  expect([gate.code, gate.notes]).toEqual([1, expect.stringContaining("failed: misses.box > 20%")]);
  expect((await ran(compare, { ...sides, "fail-if": ["misses.box > 30%"] })).code).toBe(0);
});

test("a metric from outside has its column and its chart in the report", async () => {
  const out = join(folder, "report");
  expect((await ran(report, { ...metric, all: true, out, gallery: 0, seed: 0 })).code).toBe(0);
  expect(readFileSync(join(out, "index.html"), "utf8")).toContain("Accuracy against latency: box, misses");
  expect(readdirSync(out)).toContain("accuracy-latency-box-misses.svg");
  const chart = JSON.parse(readFileSync(join(out, "accuracy-latency-box-misses.vl.json"), "utf8"));
  // Less is better: nobody is both as fast and below 25 %.
  const front = chart.data.values.filter(({ front: on }: { front: boolean }) => on);
  expect(front).toEqual([expect.objectContaining({ variant: "sam-vit-b", misses: 25 })]);
});

test("without the module the metric is unknown", async () => {
  await expect(ran(score, { results, run: mobilesam(), metric: ["misses"] })).rejects.toThrow("unknown metric: misses");
  expect((await ran(table, { results, all: true })).out).not.toContain("misses");
});
