import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { CellFailed, executeNotebook } from "./execute.ts";
import { type Notebook, notebookFiles, notebookText, readNotebook, sourceOf } from "./notebook.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
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
  const types = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  onTestFinished(() => rmSync(types, { recursive: true }));
  const root = join(folder, "..");
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
