import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError, unknown } from "../../errors.ts";
import { type Paper, type PaperTable, parsePaper } from "./paper.ts";

/** A table with the paper that it is from. */
export interface PublishedTable {
  readonly paper: Paper;
  readonly table: PaperTable;
}

/**
 * Reads every table of a folder of paper files, file by file. Throws HarnessError with file and field, and for an id that
 * two tables have.
 */
export async function readPublishedTables(folder: string): Promise<readonly PublishedTable[]> {
  const tables: PublishedTable[] = [];
  const files = new Map<string, string>();
  for (const name of await paperFiles(folder)) {
    const file = join(folder, name);
    const paper = parsePaper(await readFile(file, "utf8"), file);
    for (const table of paper.tables) {
      const other = files.get(table.id);
      if (other !== undefined) throw new HarnessError(`${file}: table ${table.id} is in ${other} too`);
      files.set(table.id, name);
      tables.push({ paper, table });
    }
  }
  return tables;
}

/** Returns the table of this id. Throws HarnessError with the nearest id where there is none. */
export function publishedTable(tables: readonly PublishedTable[], id: string): PublishedTable {
  const found = tables.find(({ table }) => table.id === id);
  if (found !== undefined) return found;
  throw unknown(
    "paper table",
    id,
    tables.map(({ table }) => table.id),
  );
}

async function paperFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${folder}: published tables can not be read`, { found: cause.code, cause });
  });
  return names.filter((name) => name.endsWith(".json")).sort();
}
