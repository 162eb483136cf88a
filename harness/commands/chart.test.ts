import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chartWarnings } from "../report/charts/drawing/vega.ts";
import { exampleGraphs, storeExample } from "../report/fixtures/runs.ts";
import { chart } from "./chart.ts";
import { memoryConsole } from "./fixtures/bench.ts";

let results: string;
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "chart-"));
  const ious = { box: [0.7, 0.8, 0.9], "1p": [0.5, 0.6, 0.7] };
  await storeExample(results, {
    variant: "sam-vit-b",
    ious,
    spread: 0.02,
    encodeMs: [400, 410],
    manifest: exampleGraphs,
  });
  await storeExample(results, {
    variant: "mobilesam",
    ious,
    spread: 0.02,
    encodeMs: [40, 41],
    manifest: exampleGraphs,
  });
});
afterAll(() => rmSync(results, { recursive: true, force: true }));

async function charting(args: Readonly<Record<string, unknown>>) {
  const console = memoryConsole();
  expect(await chart.run({ results, theme: "light", ...args }, console)).toBe(0);
  return console.said;
}

test("alone it lists the figures that the runs have", async () => {
  const { out } = await charting({});
  expect(out.split("\n").map((each) => each.split(" ")[0])).toEqual(
    expect.arrayContaining(["accuracy-latency-box", "accuracy-latency-1p", "latency-encode", "memory"]),
  );
});

test("the beginning of ids stands for the first figure, and the ending of the file for its kind", async () => {
  const file = (ending: string) => join(results, `figure${ending}`);
  const { notes } = await charting({ figure: "accuracy-latency", out: file(".svg") });
  expect(notes).toContain(`${file(".svg")}: written`);
  const svg = readFileSync(file(".svg"), "utf8");
  expect(svg).toContain("Accuracy against latency: box");
  for (const name of ["sam-vit-b", "mobilesam"]) expect(svg).toContain(`>${name}<`);
  await charting({ figure: "memory", out: file(".png") });
  expect(readFileSync(file(".png")).subarray(1, 4).toString()).toBe("PNG");
  await charting({ figure: "memory", out: file(".pdf") });
  expect(readFileSync(file(".pdf")).subarray(0, 5).toString()).toBe("%PDF-");
  await charting({ figure: "accuracy-latency-1p", out: file(".vl.json"), theme: "dark" });
  const spec = JSON.parse(readFileSync(file(".vl.json"), "utf8"));
  expect(await chartWarnings(spec)).toEqual([]);
  expect(spec.config.background).toBe("#0d1117");
});

test("another ending, a figure that is not there and a missing file are the user's mistakes", async () => {
  const failing = (args: Readonly<Record<string, unknown>>) => expect(charting({ figure: "memory", ...args })).rejects;
  await failing({ out: "fig.eps" }).toThrow(
    "fig.eps: no figure is written as such a file (expected .pdf, .svg, .png, .vl.json)",
  );
  await failing({ figure: "memroy", out: "fig.svg" }).toThrow("unknown figure: memroy");
  await failing({}).toThrow("--out: is missing");
  await failing({ out: join(results, "away", "fig.svg") }).toThrow("can not be written");
});
