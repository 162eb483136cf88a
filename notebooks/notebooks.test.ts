import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench } from "../harness/commands/fixtures/bench.ts";
import { CellFailed, executeNotebook } from "./execute.ts";
import { type Notebook, notebookFiles, notebookText, readNotebook, sourceOf } from "./notebook.ts";

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
    for (const run of readdirSync(changed)) {
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

test("a cell that throws ends the notebook with its place and its message", async () => {
  const cell = { cell_type: "code", id: "a", metadata: {}, outputs: [], execution_count: null } as const;
  const notebook: Notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: [
      { ...cell, source: "const x = 1;" },
      { ...cell, source: 'throw new Error("x is " + x);' },
    ],
  };
  const execution = executeNotebook(notebook, join(folder, "none.ipynb"));
  await expect(execution).rejects.toThrow(CellFailed);
  await expect(execution).rejects.toThrow(/cell 2 failed: Error: x is 1/);
});

test("stored outputs are those of a whole run, and the files have one spelling", () => {
  for (const name of notebookFiles(folder)) {
    const notebook = readNotebook(join(folder, name));
    const counts = notebook.cells.flatMap((cell) => (cell.cell_type === "code" ? [cell.execution_count] : []));
    expect(counts).toEqual(counts.map((_, i) => i + 1));
    expect(readFileSync(join(folder, name), "utf8")).toBe(notebookText(notebook));
  }
});

test("cells are as strict about types as the project", () => {
  const types = join(results, "types");
  const root = join(folder, "..");
  mkdirSync(types);
  for (const name of notebookFiles(folder)) {
    const cells = readNotebook(join(folder, name)).cells.filter(({ cell_type }) => cell_type === "code");
    const code = cells.map(sourceOf).join("\n");
    const imports = code.replaceAll(/(?<=from ")\.\.?\/.*(?=")/g, (path) => join(folder, path));
    writeFileSync(join(types, name.replace("ipynb", "mts")), imports);
  }
  const typeRoots = [join(root, "node_modules/@types")];
  const project = { extends: join(root, "tsconfig.json"), include: ["*.mts"], compilerOptions: { typeRoots } };
  writeFileSync(join(types, "tsconfig.json"), JSON.stringify(project));
  const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", types]);
  expect([tsc.stdout.toString(), tsc.status]).toEqual(["", 0]);
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
