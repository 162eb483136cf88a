import { readdirSync, readFileSync } from "node:fs";

/** Output of a cell, as the notebook format 4.5 keeps it. */
export type Output =
  | { readonly output_type: "stream"; readonly name: string; readonly text: string }
  | {
      readonly output_type: "display_data" | "execute_result";
      readonly data: Readonly<Record<string, unknown>>;
      readonly metadata: object;
      readonly execution_count?: number;
    }
  | {
      readonly output_type: "error";
      readonly ename: string;
      readonly evalue: string;
      readonly traceback: readonly string[];
    };

export interface Cell {
  readonly cell_type: "code" | "markdown";
  readonly id: string;
  readonly metadata: object;
  readonly source: string | readonly string[];
  readonly outputs?: readonly Output[];
  readonly execution_count?: number | null;
}

export interface Notebook {
  readonly nbformat: 4;
  readonly nbformat_minor: number;
  readonly metadata: object;
  readonly cells: readonly Cell[];
}

/** Reads a notebook. Throws for a file that is no notebook of format 4. */
export function readNotebook(file: string): Notebook {
  const notebook = JSON.parse(readFileSync(file, "utf8")) as Notebook;
  if (notebook.nbformat !== 4 || !Array.isArray(notebook.cells)) throw new Error(`${file}: no notebook of format 4`);
  return notebook;
}

export function sourceOf({ source }: Cell): string {
  return typeof source === "string" ? source : source.join("");
}

/** Writes a notebook in one spelling, as Jupyter does: text as lines, one blank of indentation. */
export function notebookText(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: lines(sourceOf(cell)),
    outputs: cell.outputs?.map(asLines),
  }));
  return `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`;
}

function asLines(output: Output): object {
  if (output.output_type === "stream") return { ...output, text: lines(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([type, value]) => {
    return [type, typeof value === "string" && type.startsWith("text/") ? lines(value) : value];
  });
  return { ...output, data: Object.fromEntries(data) };
}

function lines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

/** Returns the names of the notebooks in a folder, sorted. */
export function notebookFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ipynb"))
    .sort();
}
