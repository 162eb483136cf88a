import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { boxMacs, GraphBuilder, openSession, optimisedFile, reshape, writeGraph } from "../onnx/index.ts";
import { readTrace } from "../onnx/trace/trace.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { executedNodes } from "./executedGraph.ts";
import { layersOf } from "./layers.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "executed-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A convolution, which the runtime lays out anew, and a product with a weight that a node gives another shape. */
function neck() {
  const graph = new GraphBuilder("neck");
  const { take } = seededCheckpoint();
  const x = graph.input("x", [1, 16, 8, 8]);
  const kernels = graph.weight(take("enc.neck.0.weight", [32, 16, 3, 3]));
  const mapped = graph.op("Conv", [x, kernels], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] });
  const active = graph.op("Gelu", [mapped]);
  const matrix = reshape(graph, graph.weight(take("enc.neck.1.weight", [8, 32, 1, 1])), [8, 32]);
  const tokens = graph.op("Transpose", [reshape(graph, active, [1, 32, 64])], { perm: [0, 2, 1] });
  graph.output("y", graph.op("FusedMatMul", [tokens, matrix], { transB: 1 }));
  return graph.finish();
}

async function executed(change: (name: string) => string = (name) => name) {
  const graph = neck();
  const given = writeGraph(graph, folder);
  const session = await openSession(given, { provider: "cpu", threads: 1, profile: folder });
  await session.run({ x: { dims: [1, 16, 8, 8], data: new Float32Array(1024).fill(0.5) } });
  await session.close();
  const trace = readdirSync(folder).find((file) => file.endsWith(".json"))!;
  const [run] = readTrace(join(folder, trace));
  const traced = run!.nodes.map((node) => ({ ...node, name: change(node.name) }));
  return { graph, nodes: executedNodes(traced, { given, optimised: optimisedFile(folder, given) }) };
}

test("nodes that the runtime made anew have the checkpoint's names", async () => {
  const { nodes } = await executed();
  const layers = layersOf(nodes);
  const layerOf = (kind: string) => layers[nodes.findIndex(({ operator }) => operator === kind)];
  expect(layerOf("Conv")).toBe("enc.neck.0");
  expect(layerOf("FusedMatMul")).toBe("enc.neck.1");
  expect(layerOf("Gelu")).toBe("enc.neck");
  expect(layers.every((layer) => layer.startsWith("enc.neck"))).toBe(true);
});

test("the nodes' multiply-accumulates add up to those of the graph as it was built", async () => {
  const { graph, nodes } = await executed();
  expect(nodes.reduce((sum, { macs }) => sum + macs, 0)).toBe(boxMacs(graph));
});

test("a node that the optimised graph lacks is refused by its name", async () => {
  await expect(executed((name) => `${name}_other`)).rejects.toThrow(
    /neck\.onnx: node \w+ of its profile is not in the graph/,
  );
});
