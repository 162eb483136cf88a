import { dirname } from "node:path";
import { Kernel } from "./kernel.ts";
import { type Cell, type Notebook, sourceOf } from "./notebook.ts";

/** Error of a cell that threw. The notebook ends there, as it does when a reader runs it. */
export class CellFailed extends Error {
  constructor(cell: number, source: string, message: string) {
    super(`cell ${cell} failed: ${message}\n${source}`);
  }
}

/**
 * Runs a notebook from top to bottom in a fresh kernel and returns it with its outputs. Relative imports start at the
 * folder of `file`; the cells see `env`. The same results give the same notebook. Throws CellFailed.
 */
export async function executeNotebook(
  notebook: Notebook,
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Notebook> {
  const kernel = await Kernel.start(dirname(file), env);
  try {
    const cells: Cell[] = [];
    let count = 0;
    for (const cell of notebook.cells) {
      if (cell.cell_type !== "code") {
        cells.push(cell);
        continue;
      }
      count += 1;
      const { outputs, failed } = await kernel.execute(sourceOf(cell));
      const error = failed ? outputs.find((output) => output.output_type === "error") : undefined;
      if (error?.output_type === "error")
        throw new CellFailed(count, sourceOf(cell), `${error.ename}: ${error.evalue} ${error.traceback.join("\n")}`);
      cells.push({ ...cell, outputs, execution_count: count });
    }
    return { ...notebook, cells };
  } finally {
    await kernel.close();
  }
}
