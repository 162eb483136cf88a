import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HarnessError } from "../../errors.ts";
import { graphFilesOf } from "../../onnx/files/graphFiles.ts";
import { modelFile, readPortableModel } from "../../onnx/index.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";

const hint = "write the folder again: bench onnx VARIANT --out FOLDER";

/**
 * Returns the graphs of a folder that `bench onnx` wrote, and any other path as it is. Throws HarnessError for a folder that it did
 * not write, and where a graph is missing.
 */
export function portableFilesIn(path: string): readonly string[] {
  if (!(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)) return [path];
  const model = readPortableModel(path);
  if (model === undefined)
    throw new HarnessError(`${path}: not a folder of bench onnx`, {
      found: existsSync(join(path, modelFile)) ? `another ${modelFile}` : `no ${modelFile}`,
      hint: "name the files: --variant-files NAME=ENCODER.onnx,DECODER.onnx",
    });
  return Object.values(model.graphs).map(({ file }) => {
    const found = join(path, file);
    if (!existsSync(found))
      throw new HarnessError(`${found}: no such file`, { expected: `a graph that ${modelFile} names`, hint });
    return found;
  });
}

/**
 * Looks at the bytes of graphs that have a `model.json` of `bench onnx` beside them, and of the files with their weights. Throws
 * HarnessError where their hashes are others than it says.
 */
export async function requireAsWritten(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const graphs = Object.values(readPortableModel(dirname(file))?.graphs ?? {});
    const graph = graphs.find((each) => each.file === basename(file));
    if (graph === undefined) continue;
    const told = new Map(
      [graph, graph.weights].flatMap((each) => (each === undefined ? [] : [[each.file, each.sha256]])),
    );
    for (const each of graphFilesOf(file)) {
      const found = await sha256OfFile(each);
      const expected = told.get(basename(each));
      if (found !== expected)
        throw new HarnessError(`${each}: not as bench onnx wrote it`, {
          found: `sha256 ${found}`,
          expected: expected === undefined ? `no such file in ${modelFile}` : `sha256 ${expected}`,
          hint,
        });
    }
  }
}
