import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluateFiles, lvisRules, summarizer } from "../../coco/index.ts";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { intervalsOf } from "../../stats/intervals.ts";
import { integer, random } from "../../stats/random.ts";
import { quantile } from "../../stats/summary.ts";
import { coverage } from "./coverage.ts";
import { drawLvis } from "./scoreData.ts";

test("AP of rare categories lies in its interval, where three quarters of a bootstrap's draws lie above it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "coverage-"));
  const files = { annotations: join(folder, "a.json"), detections: join(folder, "d.json") };
  await drawLvis(files, { images: 150, annotations: 1850, categories: 1203, detectionsPerImage: 40 });
  const { matches, annotations } = await evaluateFiles({ ...files, type: "segm", rules: () => lvisRules });
  const { images } = matches;
  const { values } = summarizer(matches, annotations.categories);
  const ap = (counts: Uint32Array) => values(counts)[0]!;
  const [found] = intervalsOf(({ counts }) => [ap(counts)], images, { seed: 0 });
  const drawn = Array.from({ length: 60 }, (_, draw) => {
    const stream = random(0, "bootstrap", draw);
    const counts = new Uint32Array(images.length);
    for (const _ of images) counts[integer(stream, images.length)]!++;
    return ap(counts).value!;
  });
  expect(found!.value).toBe(ap(new Uint32Array(images.length).fill(1)).value);
  expect(quantile(drawn, 0.25)).toBeGreaterThan(found!.value);
  expect(found!.low).toBeLessThan(found!.value);
  expect(found!.high).toBeGreaterThan(found!.value);
}, 120_000);

test("95 % intervals of 10 images hold the mean of 150 sets drawn anew, by every figure; kept sets are not drawn again", async () => {
  const out = join(mkdtempSync(join(tmpdir(), "coverage-")), "sets.jsonl");
  const asked = { of: ["coco-10"], sets: 150, out };
  const printed = await run(asked);
  const rows = printed.split("\n").filter((line) => /\d+\.\d +\d+\.\d$/.test(line));
  expect(rows).toHaveLength(10);
  for (const row of rows) {
    const [share, error] = row.trim().split(/ +/).slice(-2).map(Number);
    expect([row, share! + error! >= 93 && share! - error! <= 98]).toEqual([row, true]);
  }
  expect(readFileSync(out, "utf8").trimEnd().split("\n")).toHaveLength(150);
  expect(await run(asked)).toBe(printed);
  expect(readFileSync(out, "utf8").trimEnd().split("\n")).toHaveLength(150);
}, 120_000);

async function run(args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  expect(await coverage.run(args, console)).toBe(0);
  return console.said.out;
}
