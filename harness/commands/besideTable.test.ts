import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { exampleGraphs, storeExample } from "../report/fixtures/runs.ts";
import { exampleManifest } from "../store/fixtures/run.ts";
import { compare } from "./compare.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { table } from "./table.ts";

let results: string;
beforeAll(async () => {
  results = await mkdtemp(join(tmpdir(), "precisions-"));
  const store = (variant: string, iou: number, encodeMs: number, fileBytes: number, provider = "cpu") =>
    storeExample(results, {
      variant,
      plan: provider,
      images: 8,
      ious: { box: [iou, iou + 0.1], "1p": [0.5, 0.6] },
      spread: 0.02,
      encodeMs: [encodeMs, encodeMs + 1, encodeMs + 2, encodeMs + 1],
      session: "one",
      manifest: {
        ...exampleGraphs,
        dataset: { ...exampleManifest().dataset, id: "coco", images: 8 },
        variant: { ...exampleManifest().variant, id: variant, title: variant },
        graphs: { ...exampleGraphs.graphs, fileBytes },
        runtime: {
          ...exampleManifest().runtime,
          provider,
          page: provider === "cpu" ? undefined : { browser: "Chromium 140", downloadBytes: 20e6, firstMaskMs: 995 },
        },
      },
    });
  await store("sam-nano", 0.8, 40, 8e6);
  await store("sam-fast/sam-nano", 0.8, 20, 4e6);
  await store("ptq4sam/sam-nano/w4a4", 0.6, 80, 6e6);
  await store("sparsevit/sam-nano", 0.7, 30, 8e6);
  await store("sam-nano", 0.8, 160, 8e6, "web-wasm1");
});

async function said(args: Readonly<Record<string, unknown>>) {
  const console = memoryConsole(200);
  expect(await table.run({ results, precisions: "sam-nano", ...args }, console)).toBe(0);
  return console.said.out;
}

test("every precision has its costs against float, and the verdict on its masks", async () => {
  const text = await said({});
  const row = (variant: string) => text.split("\n").find((line) => line.startsWith(`${variant} `));
  expect(text).toMatch(/^sam-nano: the same weights in 3 precisions$/m);
  expect(row("sam-nano")).toMatch(/^sam-nano +– +8\.0 +– .* 41\.0 +– /);
  expect(row("sam-fast/sam-nano")).toMatch(/no difference +4\.0 +0\.50 .* 21\.0 +0\.51 \[0\.5\d, 0\.5\d\] /);
  expect(row("ptq4sam/sam-nano/w4a4")).toMatch(/worse +6\.0 +0\.75 .* −20\.0 \[−20\.0, −20\.0\]/);
  expect(text).not.toContain("sparsevit");
  expect(text).toMatch(/^not measured: bench run --variants[\s\\]+sam-nano,.*ptq4sam\/sam-nano\/w8a8/m);
  expect(text).not.toContain("w4a4: worse: ptq4sam");
  expect(await said({ notes: true })).toContain("worse: ptq4sam/sam-nano/w4a4 is worse than sam-nano.");
});

test("the verdicts are those of bench compare", async () => {
  const { rows } = JSON.parse(await said({ json: true }));
  const console = memoryConsole();
  const names = rows.map(({ run }: { readonly run: string }) => run);
  await compare.run({ results, a: names[0], b: names.slice(1), json: true, seed: 0 }, console);
  const { comparisons } = JSON.parse(console.said.out);
  for (const [i, { verdict }] of comparisons.entries()) expect(rows[i + 1].verdict).toEqual(verdict);
  const differences = rows[1].figures.filter(
    ({ figure }: { readonly figure: string }) => figure === "miou.box − float",
  );
  const { difference, adjustedP } = comparisons[0].figures.find(
    ({ figure }: { readonly figure: string }) => figure === "miou.box",
  );
  expect(differences).toEqual([{ figure: "miou.box − float", unit: "fraction", ...difference, p: adjustedP }]);
});

test("a page stands beside the processor, with what a visitor loads and waits for", async () => {
  const console = memoryConsole(200);
  expect(await table.run({ results, runtimes: "sam-nano" }, console)).toBe(0);
  const text = console.said.out;
  const row = (variant: string) => text.split("\n").find((line) => line.startsWith(`${variant} `));
  expect(text).toMatch(/^sam-nano: the same weights by 2 runtimes$/m);
  expect(row("sam-nano")).toMatch(/^sam-nano +– +8\.0 +– +– .* 41\.0 +– /);
  expect(row("sam-nano@web-wasm1")).toMatch(/no difference +8\.0 +20 +995 .* 161 +3\.9\d \[3\.\d\d, [34]\.\d\d\] /);
  expect(text).toMatch(/^page: download is scripts/m);
  expect(text).toMatch(/^not measured: bench run --variants sam-nano --provider cpu,web-webgpu/m);
});

test("every format has the table, and a paper's has no commands", async () => {
  expect(await said({ format: "csv" })).toContain("sam-fast/sam-nano,");
  expect(await said({ format: "markdown" })).toContain("| sam-fast/sam-nano | no difference |");
  expect(await said({ format: "latex" })).not.toContain("bench run");
});

test("runs are not named beside it", async () => {
  await expect(said({ run: ["sam-nano"] })).rejects.toThrow("--precisions: finds the runs of a checkpoint by itself");
});
