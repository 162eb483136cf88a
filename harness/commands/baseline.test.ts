import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunReport, Score } from "../results/report.ts";
import { bench, type Finished } from "./fixtures/bench.ts";

let folder = "";
let ran: Finished;

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

function here(args: readonly string[]): Promise<Finished> {
  return bench(args, { cwd: folder });
}

async function reportsOf(args: readonly string[]): Promise<readonly RunReport[]> {
  return JSON.parse((await here([...args, "--json"])).out).runs;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-baseline-"));
  ran = await here(["run", ...small]);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("bench run puts the floor's row last, with figures of every prompts name", () => {
  expect(ran.code).toBe(0);
  const rows = ran.out.split("\n").filter((line) => /^(sam-nano|baseline\/prompt) {2,}/.test(line));
  expect(rows).toHaveLength(2);
  expect(rows[1]).toMatch(/^baseline\/prompt +floor: filled box \/ disc( +–)+ +\d+\.\d +\d+\.\d$/);
  expect(ran.out).toContain("floor: baseline/prompt answers without a look at the photo");
  expect(ran.out).toMatch(/baseline\/prompt: its disc covers \d+(\.\d+)? % of the photo's area/);
});

test("a finished floor is done for both phases, and is measured once", async () => {
  const again = await here(["run", ...small]);
  expect(again.notes).toContain("baseline/prompt: finished before, nothing to do");
  expect(again.out).not.toContain("baseline/prompt: accuracy alone was measured");
});

test("JSON says which run is the floor, with accuracy and without latency and memory", async () => {
  const reports = await reportsOf(["table"]);
  const floor = reports.find(({ role }) => role === "floor")!;
  expect(floor).toMatchObject({ variant: "baseline/prompt", weights: "none", latency: {}, status: "done" });
  expect(floor.modelMemory).toBeUndefined();
  const other = reports.find(({ role }) => role === undefined)!;
  expect(floor.prompts.box!.miou).toMatchObject({ n: (other.prompts.box!.miou as Score).n });
  expect((floor.prompts["1p"]!.miou as Score).value).toBeGreaterThan(0);
});

test("--no-baseline leaves the floor out", async () => {
  expect((await reportsOf(["run", ...small])).map(({ variant }) => variant)).toEqual(["sam-nano", "baseline/prompt"]);
  expect((await reportsOf(["run", ...small, "--no-baseline"])).map(({ variant }) => variant)).toEqual(["sam-nano"]);
});

test("the floor is compared like any variant", async () => {
  const { code, out } = await here(["compare", "baseline/prompt", "sam-nano"]);
  expect(code).toBe(0);
  expect(out).toContain("A: baseline/prompt, filled box / disc, no model");
  expect(out).toMatch(/^miou\.box +\d+\.\d +\d+\.\d/m);
  expect(out).not.toContain("ece");
});

test("a report has the floor in its table, and none of its masks in the gallery", async () => {
  const { code } = await here(["report", "--out", "report"]);
  expect(code).toBe(0);
  const page = readFileSync(join(folder, "report", "index.html"), "utf8");
  expect(page).toContain("floor: filled box / disc");
  const layers = page.match(/<[^>]*class="[^"]*variant-\d+[^"]*"/g) ?? [];
  expect(layers.length).toBeGreaterThan(0);
  expect(layers.some((layer) => layer.includes("variant-1"))).toBe(false);
});
