import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CellFailed, executeNotebook } from "./execute.ts";
import { notebookFiles, notebookText, readNotebook } from "./notebook.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

/**
 * Executes the notebooks of these names, or all where none is named, and writes their outputs back. The exit code is 1
 * where a cell fails.
 */
export async function runNotebooks(names: readonly string[]): Promise<void> {
  const known = notebookFiles(folder);
  const unknown = names.filter((name) => !known.includes(withEnding(name)));
  if (unknown.length > 0) {
    process.stderr.write(`error: no notebook is named ${unknown.join(", ")}; known: ${known.join(", ")}\n`);
    process.exitCode = 2;
    return;
  }
  for (const name of names.length === 0 ? known : names.map(withEnding)) {
    const file = join(folder, name);
    try {
      writeFileSync(file, notebookText(await executeNotebook(readNotebook(file), file)));
      process.stdout.write(`${name}: executed\n`);
    } catch (error) {
      if (!(error instanceof CellFailed)) throw error;
      process.stderr.write(`${name}: ${error.message}\n`);
      process.exitCode = 1;
    }
  }
}

function withEnding(name: string): string {
  return `${basename(name, ".ipynb")}.ipynb`;
}
