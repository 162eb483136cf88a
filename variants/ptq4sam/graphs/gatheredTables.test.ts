import { expect, test } from "vitest";
import type { OnnxGraph, Tensor } from "../../../harness/api.ts";
import { runGraph } from "../../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder } from "../../../harness/onnx/index.ts";
import { seededCheckpoint, seededTensor } from "../../../harness/weights/index.ts";
import { samConfigs } from "../../sam/config.ts";
import { imageEncoder } from "../../sam/imageEncoder.ts";
import { withGatheredTables } from "./gatheredTables.ts";

const config = { ...samConfigs["sam-nano"], depth: 2, globalBlocks: [1] };

test("gathered tables hold what the written ones do, and the graph gives the same", async () => {
  const dims = [1, 3, config.side, config.side];
  const image: Tensor = { dims, data: seededTensor("image", dims) };
  const written = imageEncoder(config, seededCheckpoint());
  const gathered = withGatheredTables(written);
  const [ours, theirs] = await Promise.all([gathered, written].map((graph) => runGraph(graph, { image })));
  expect(ours!.image_embedding!.data).toEqual(theirs!.image_embedding!.data);
  // A window's both axes, and each axis of the whole image.
  expect(tablesOf(written).map(({ name }) => name.replace(/^image_encoder\./, ""))).toEqual([
    "blocks.0.attn.rel_pos_h+rel_pos_w.table",
    "blocks.1.attn.rel_pos_h.table",
    "blocks.1.attn.rel_pos_w.table",
  ]);
  expect(tablesOf(gathered)).toEqual([]);
  const kept = gathered.constants.filter(({ name }) => name.endsWith(".vectors")).map(({ dims: each }) => each[0]);
  const window = config.window;
  const grid = config.side / config.patch;
  expect(kept).toEqual([2 * (2 * window - 1), 2 * grid - 1, 2 * grid - 1]);
});

test("a table that is not laid out as its name says is refused when it is written", async () => {
  const graph = new GraphBuilder("other");
  const table = graph.constant("a.rel_pos_h.table", "float32", [2, 1, 2], () => Float32Array.of(1, 2, 3, 4));
  graph.output("y", graph.op("MatMul", [graph.input("x", [2, 1, 1]), table]));
  const other = withGatheredTables(graph.finish());
  await expect(async () => runGraph(other, { x: { dims: [2, 1, 1], data: Float32Array.of(1, 1) } })).rejects.toThrow(
    "a.rel_pos_h.table: not a table of relative positions",
  );
});

function tablesOf({ constants }: OnnxGraph) {
  return constants.filter(({ name }) => name.endsWith(".table"));
}
