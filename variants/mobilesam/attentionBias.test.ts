import { expect, test } from "vitest";
import type { Checkpoint } from "../../harness/api.ts";
import { GraphBuilder } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { attentionBias } from "./attentionBias.ts";

test("an attention bias depends on the distances in rows and columns, whatever their direction", () => {
  // One head, windows of 2 x 2: the numbers of distances (0, 0), (0, 1), (1, 0), (1, 1).
  const read = () => Float32Array.of(10, 11, 12, 13);
  const checkpoint: Checkpoint = { ...seededCheckpoint(), take: (name, dims) => ({ name, dims, read }) };
  const graph = new GraphBuilder("test");
  attentionBias({ graph, checkpoint, path: "attn" }, { heads: 1, window: 2 });
  const [table] = graph.finish().constants;
  expect(table!.dims).toEqual([1, 1, 4, 4]);
  expect([...(table!.read() as Float32Array)]).toEqual([
    ...[10, 11, 12, 13],
    ...[11, 10, 13, 12],
    ...[12, 13, 10, 11],
    ...[13, 12, 11, 10],
  ]);
});
