import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GraphBuilder, writeGraph } from "../../onnx/index.ts";
import { seededCheckpoint } from "../../weights/index.ts";
import { pageGraphs } from "./pageGraphs.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-page-"));
  const graph = new GraphBuilder("encoder");
  const checkpoint = seededCheckpoint();
  let value = graph.input("x", [1, 1024]);
  for (let i = 0; i < 5; i++)
    value = graph.op("MatMul", [value, graph.weight(checkpoint.take(`w.${i}`, [1024, 1024]))]);
  graph.output("y", value);
  file = writeGraph(graph.finish(), folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("tensors beside a graph are loaded as a file where a browser gives that in one piece", () => {
  const { graphs, files } = pageGraphs({ encoder: file });
  const beside = [{ path: "encoder.weights", address: "graphs/encoder/encoder.weights" }];
  expect(graphs).toEqual({ encoder: { address: "graphs/encoder/encoder.onnx", beside } });
  const weights = join(folder, "encoder.weights");
  expect(files).toEqual(
    new Map<string, unknown>([
      ["graphs/encoder/encoder.onnx", file],
      ["graphs/encoder/encoder.weights", { file: weights, start: 0, bytes: statSync(weights).size }],
    ]),
  );
});

test("a larger file is loaded in ranges, by a graph that calls its tensors by them", () => {
  const { graphs, files } = pageGraphs({ encoder: file }, { pieceBytes: 9_000_000 });
  expect(graphs.encoder!.beside.map(({ path }) => path)).toEqual([
    "encoder.weights.1",
    "encoder.weights.2",
    "encoder.weights.3",
  ]);
  const weights = join(folder, "encoder.weights");
  expect(files.get("graphs/encoder/encoder.weights.2")).toEqual({ file: weights, start: 2 ** 23, bytes: 2 ** 23 });
  expect(files.get("graphs/encoder/encoder.onnx")).toBeInstanceOf(Uint8Array);
});

test("a file of more than 2 GB is loaded in ranges without being told to", () => {
  // Sparse: it takes no room on the disk.
  truncateSync(join(folder, "encoder.weights"), 2 ** 31);
  const { files } = pageGraphs({ encoder: file });
  expect(files.get("graphs/encoder/encoder.weights.1")).toMatchObject({ start: 0, bytes: 5 * 2 ** 22 });
});
