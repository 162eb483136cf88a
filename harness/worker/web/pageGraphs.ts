import { statSync } from "node:fs";
import { basename } from "node:path";
import type { GraphFiles } from "../../api.ts";
import { graphFilesOf } from "../../onnx/files/graphFiles.ts";
import { graphInPieces } from "../../onnx/pieces.ts";
import { graphPath, type PageFile, type PageFiles, pagePaths } from "../../web/pageFiles.ts";
import type { PageGraph } from "./page/session.ts";

/** A variant's graphs as a page loads them: their addresses, and what lies behind each. */
export interface PageGraphs {
  readonly graphs: Readonly<Record<string, PageGraph>>;
  readonly files: PageFiles;
}

export interface PageGraphOptions {
  /** Folder of the graphs in the page's address. */
  readonly folder?: string | undefined;
  /** Bytes of a file with tensors that the page loads in one piece; what a browser can give it if left out. */
  readonly pieceBytes?: number | undefined;
}

/** Bytes that a browser gives a page in one piece. */
const mostPieceBytes = 2 ** 31 - 1;

/**
 * Returns what a page loads of a variant's graphs. Files with more tensors than a browser gives a page in one piece are loaded in
 * ranges. Throws HarnessError for a tensor that alone is more.
 */
export function pageGraphs(
  graphs: GraphFiles,
  { folder = pagePaths.graphs, pieceBytes = mostPieceBytes }: PageGraphOptions = {},
): PageGraphs {
  const files = new Map<string, PageFile>();
  const entries = Object.entries(graphs).map(([graph, file]): [string, PageGraph] => {
    const [, ...besideFiles] = graphFilesOf(file);
    const isWhole = besideFiles.every((each) => statSync(each).size <= pieceBytes);
    const { model, pieces } = isWhole ? wholeGraph(file, besideFiles) : graphInPieces(file, pieceBytes);
    files.set(graphPath(graph, file, folder), model);
    const beside = pieces.map(({ name, ...range }) => {
      const address = graphPath(graph, name, folder);
      files.set(address, range);
      return { path: name, address };
    });
    return [graph, { address: graphPath(graph, file, folder), beside }];
  });
  return { graphs: Object.fromEntries(entries), files };
}

/** Tensors beside a graph have the names that the graph calls them by. */
function wholeGraph(file: string, beside: readonly string[]) {
  const pieces = beside.map((each) => ({ name: basename(each), file: each, start: 0, bytes: statSync(each).size }));
  return { model: file, pieces };
}
