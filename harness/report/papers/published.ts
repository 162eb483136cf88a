import { fileURLToPath } from "node:url";
import { type PublishedTable, readPublishedTables } from "./read.ts";

/** Folder of the published tables. It comes with the project, wherever that is installed. */
const papersFolder = fileURLToPath(new URL("../../../results/papers", import.meta.url));

export function publishedTables(): Promise<readonly PublishedTable[]> {
  return readPublishedTables(papersFolder);
}

/** Returns what `bench list papers` says of a table. */
export function describePublished({ paper, table }: PublishedTable) {
  const { id, dataset, confidence, protocol } = table;
  const measured = [...new Set(table.columns.flatMap(({ measures }) => measures?.protocol ?? []))];
  const protocolIds = measured.length > 0 || protocol === undefined ? measured : [protocol];
  return {
    id,
    paper: paper.paper,
    arxiv: paper.arxiv,
    table: table.table,
    dataset,
    protocols: protocolIds,
    confidence,
  };
}
