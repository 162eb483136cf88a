import { dirname } from "node:path";
import { Kernel } from "./kernel.ts";
import { type Cell, type Notebook, sourceOf } from "./notebook.ts";

/** A cell that threw: the notebook ends there, as it does under a reader's hands. */
export class CellFailed extends Error {
  constructor(cell: number, source: string, message: string) {
    super(`cell ${cell} failed: ${message}\n${source}`);
  }
}

/**
 * The notebook with the outputs of a fresh kernel, from top to bottom. `file` says where relative imports start; `env` is what
 * the cells see. The same results give the same notebook. Throws CellFailed.
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
