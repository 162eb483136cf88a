import { statSync } from "node:fs";
import { basename } from "node:path";
import type { GraphFiles } from "../../api.ts";
import { graphFilesOf } from "../../onnx/files/graphFiles.ts";
import { readSignature } from "../../onnx/index.ts";
import { graphPath, type PageFiles, pagePaths } from "../../web/pageFiles.ts";
import type { PageGraph } from "./page/session.ts";

/** Returns the files of a model's graphs, those with tensors among them, by their paths in the page's folder of graphs. */
export function graphFiles(graphs: GraphFiles, folder: string = pagePaths.graphs): PageFiles {
  return new Map(
    Object.entries(graphs).flatMap(([graph, file]) =>
      graphFilesOf(file).map((each) => [graphPath(graph, each, folder), each] as const),
    ),
  );
}

/** Returns what a page opens a model's graphs by. Tensors beside a graph have the names that the graph calls them by. */
export function graphAddresses(
  graphs: GraphFiles,
  folder: string = pagePaths.graphs,
): Readonly<Record<string, PageGraph>> {
  return Object.fromEntries(
    Object.entries(graphs).map(([graph, file]) => {
      const { externalFiles } = readSignature(file);
      const beside = externalFiles.map((path) => ({ path, address: graphPath(graph, path, folder) }));
      return [graph, { address: graphPath(graph, file, folder), beside }];
    }),
  );
}

/** Bytes that a browser gives a page in one piece, as which it loads each file. */
const pieceBytes = 2 ** 31 - 1;

/** Returns what was found and what is expected, for the first file that no page can hold; nothing where a page can hold each. */
export function tooLargeForPage(
  files: readonly string[],
): { readonly found: string; readonly expected: string } | undefined {
  for (const file of files) {
    const { size } = statSync(file);
    if (size > pieceBytes)
      return {
        found: `${(size / 1e9).toFixed(1)} GB in ${basename(file)}`,
        expected: `at most ${(pieceBytes / 1e9).toFixed(1)} GB, which a browser loads in one piece`,
      };
  }
  return undefined;
}
