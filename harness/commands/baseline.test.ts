import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunReport, Score } from "../results/report.ts";
import { benchLines, type Finished } from "./fixtures/bench.ts";

const small = [
  "--variants",
  "sam-nano",
  "--limit",
  "2",
  "--phase",
  "accuracy",
  "--prompts",
  "box,1p",
  "--threads",
  "1",
];

/** Command lines that are given one after the other, in one results folder. */
const lines = {
  first: ["run", ...small, "--notes"],
  again: ["run", ...small],
  table: ["table", "--json"],
  withFloor: ["run", ...small, "--json"],
  without: ["run", ...small, "--no-baseline", "--json"],
  compared: ["compare", "baseline/prompt", "sam-nano"],
  reported: ["report", "--out", "report"],
};

let folder = "";
let answers: readonly Finished[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-baseline-"));
  answers = await benchLines(Object.values(lines), { cwd: folder });
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const answerTo = (line: keyof typeof lines): Finished => answers[Object.keys(lines).indexOf(line)]!;
const reportsOf = (line: keyof typeof lines): readonly RunReport[] => JSON.parse(answerTo(line).out).runs;

test("bench run puts the floor's row last, with figures of every prompts name", () => {
  const ran = answerTo("first");
  expect(ran.code).toBe(0);
  const rows = ran.out.split("\n").filter((line) => /^(sam-nano|baseline\/prompt) {2,}/.test(line));
  expect(rows).toHaveLength(2);
  expect(rows[1]).toMatch(/^baseline\/prompt +floor +\d+\.\d[*!]* +\d+\.\d[*!]*( +–)+$/);
  expect(ran.out).toContain("floor: baseline/prompt (filled box / disc) answers without a look at the photo");
  expect(ran.out).toMatch(/baseline\/prompt: its disc covers \d+(\.\d+)? % of the photo's area/);
});

test("a finished floor is done for both phases, and is measured once", () => {
  const again = answerTo("again");
  expect(again.notes).toContain("baseline/prompt: finished before, nothing to do");
  expect(again.out).not.toContain("baseline/prompt: accuracy alone was measured");
});

test("JSON says which run is the floor, with accuracy and without latency and memory", () => {
  const reports = reportsOf("table");
  const floor = reports.find(({ role }) => role === "floor")!;
  expect(floor).toMatchObject({ variant: "baseline/prompt", weights: "none", latency: {}, status: "done" });
  expect(floor.modelMemory).toBeUndefined();
  const other = reports.find(({ role }) => role === undefined)!;
  expect(floor.prompts.box!.miou).toMatchObject({ n: (other.prompts.box!.miou as Score).n });
  expect((floor.prompts["1p"]!.miou as Score).value).toBeGreaterThan(0);
});

test("--no-baseline leaves the floor out", () => {
  expect(reportsOf("withFloor").map(({ variant }) => variant)).toEqual(["sam-nano", "baseline/prompt"]);
  expect(reportsOf("without").map(({ variant }) => variant)).toEqual(["sam-nano"]);
});

test("the floor is compared like any variant", () => {
  const { code, out } = answerTo("compared");
  expect(code).toBe(0);
  expect(out).toContain("A: baseline/prompt, filled box / disc, no model");
  expect(out).toMatch(/^miou\.box +\d+\.\d +\d+\.\d/m);
  expect(out).not.toContain("ece");
});

test("a report has the floor in its table, and none of its masks in the gallery", () => {
  expect(answerTo("reported").code).toBe(0);
  const page = readFileSync(join(folder, "report", "index.html"), "utf8");
  expect(page).toContain("floor: baseline/prompt (filled box / disc) answers without a look at the photo");
  const layers = page.match(/<(?!li)[^>]*class="[^"]*variant-\d+[^"]*"/g) ?? [];
  expect(layers.length).toBeGreaterThan(0);
  expect(layers.some((layer) => layer.includes("variant-1"))).toBe(false);
});
