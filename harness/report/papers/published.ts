import { fileURLToPath } from "node:url";
import { type PublishedTable, readPublishedTables } from "./read.ts";

/** Published tables come with the project, wherever it is installed. */
const papersFolder = fileURLToPath(new URL("../../../results/papers", import.meta.url));

export function publishedTables(): Promise<readonly PublishedTable[]> {
  return readPublishedTables(papersFolder);
}

/** What `bench list papers` says of a table. */
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
