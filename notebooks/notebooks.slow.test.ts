import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench } from "../harness/commands/fixtures/bench.ts";
import { executeNotebook } from "./execute.ts";
import { type Notebook, notebookFiles, readNotebook } from "./notebook.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
let results: string;
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  const variants = "sam-nano,sam-fast/sam-nano";
  const { code } = await bench(["run", "--variants", variants, "--limit", "4", "--rounds", "3", "--results", results]);
  expect(code).toBe(0);
}, 300_000);
afterAll(() => rmSync(results, { recursive: true, force: true }));

/** Executed notebooks by name: each runs once on these results, and again where a test asks for that. */
const executions = new Map<string, Promise<Notebook>>();

test.each(notebookFiles(folder))("%s runs from top to bottom, and every cell shows something", async (name) => {
  const executed = await executedOnce(name);
  const cells = executed.cells.filter(({ cell_type }) => cell_type === "code");
  expect(cells.map(({ outputs }) => outputs?.length).filter((count) => count === 0)).toEqual([]);
  expect(textOf(executed)).toContain("sam-nano");
  expect(/.{0,80}(undefined|NaN)/.exec(textOf(executed))).toBeNull();
});

test("a change of a result changes the output, and nothing else does", async () => {
  const name = "accuracy-against-latency.ipynb";
  const before = textOf(await executedOnce(name));
  expect(firstDifference(textOf(await execute(name)), before)).toBeUndefined();
  const changed = join(results, "..", `${results.split("/").at(-1)}-slower`);
  cpSync(results, changed, { recursive: true });
  try {
    // Beside the runs lies their index.
    for (const run of readdirSync(changed).filter((name) => !name.startsWith("."))) {
      const slower = readFileSync(join(changed, run, "latency.jsonl"), "utf8").replaceAll(
        /"encodeMs":\[\d/g,
        '"encodeMs":[9',
      );
      writeFileSync(join(changed, run, "latency.jsonl"), slower);
      // Another latency is another run's: as one that was changed, it would be damage.
      const manifest = JSON.parse(readFileSync(join(changed, run, "manifest.json"), "utf8"));
      manifest.status.latencySha256 = createHash("sha256").update(slower).digest("hex");
      writeFileSync(join(changed, run, "manifest.json"), JSON.stringify(manifest));
    }
    expect(firstDifference(textOf(await execute(name, changed)), before)).toBeDefined();
  } finally {
    rmSync(changed, { recursive: true });
  }
});

function executedOnce(name: string): Promise<Notebook> {
  const known = executions.get(name) ?? execute(name);
  executions.set(name, known);
  return known;
}

function execute(name: string, folderOfRuns = results): Promise<Notebook> {
  const file = join(folder, name);
  return executeNotebook(readNotebook(file), file, { SAM_BENCH_RESULTS: folderOfRuns });
}

function textOf({ cells }: Notebook): string {
  return JSON.stringify(cells.map(({ outputs }) => outputs));
}

/** Returns the text at the first place where two texts differ, with the text before it. */
function firstDifference(a: string, b: string): string | undefined {
  if (a === b) return undefined;
  const at = [...a].findIndex((character, i) => character !== b[i]);
  return a.slice(Math.max(0, at - 80), at + 40);
}
