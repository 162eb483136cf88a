import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GraphBuilder, writeGraph } from "../../onnx/index.ts";
import { filesOf } from "./modelRuns.ts";

/** Writes a product whose matrix has `rows` x 8 numbers: from half a million rows on it lies in a file of its own. */
function written(name: string, rows: number): string {
  const graph = new GraphBuilder(name);
  const x = graph.input("x", [1, rows]);
  const matrix = graph.constant("matrix", "float32", [rows, 8], () => new Float32Array(8 * rows));
  graph.output("y", graph.op("MatMul", [x, matrix]));
  return writeGraph(graph.finish(), mkdtempSync(join(tmpdir(), "files-")));
}

test("files that hold a graph's tensors are read and dropped with it, and a file of two graphs once", () => {
  const encoder = written("encoder", 600_000);
  const decoder = written("decoder", 3);
  expect(filesOf({ encoder, decoder, "decoder-mask": decoder })).toEqual([
    encoder,
    join(encoder, "..", "encoder.weights"),
    decoder,
  ]);
});
