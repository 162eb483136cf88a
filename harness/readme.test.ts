import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench } from "./commands/fixtures/bench.ts";
import { readPage, unknownCommands } from "./commands/fixtures/markdown.ts";
import { agreementTable } from "./results/compare/agreement/figures.ts";

const readme = readPage("README.md");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the model's template is the whole of a plug-in from outside: it is found, built and measured", async () => {
  const template = readPage("variants/templates/model.ts");
  const outside = template.replaceAll("../../harness/api.ts", "sam-bench/api");
  writeFileSync(join(folder, "mine.mts"), outside.replaceAll("../../harness/onnx/index.ts", "sam-bench/onnx"));
  const how = [
    "--plugin",
    "mine.mts",
    "--variants",
    "my-model",
    "--limit",
    "1",
    "--rounds",
    "1",
    "--warmup",
    "0",
    "--json",
  ];
  const { code, out } = await bench(["run", ...how], { cwd: folder });
  expect(code).toBe(0);
  const [run] = JSON.parse(out).runs;
  expect(run).toMatchObject({ variant: "my-model", weights: "seeded", status: "done" });
  expect(run.latency.encode.median).toBeGreaterThan(0);
});

test("every command line in README names a command and options that there are", async () => {
  expect(await unknownCommands(readme)).toEqual([]);
});

test("every figure of the agreement that --fail-if takes is in README", () => {
  const missing = agreementTable.filter(({ id }) => !readme.includes(`\`${id}\``));
  expect(missing.map(({ id }) => id)).toEqual([]);
});
