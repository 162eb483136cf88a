import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GraphValue } from "../api.ts";
import { GraphBuilder, openSession, writeGraph } from "../onnx/index.ts";
import { random } from "../stats/random.ts";
import { fakeQuantizeLog2Node, fakeQuantizeNode } from "./fakeQuantize.ts";
import { fakeQuantizeLog2 } from "./log2.ts";
import { fakeQuantize, quantizerFor } from "./uniform.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the graph quantises as the code does in every bit, at 2 to 8 bits", async () => {
  const stream = random(0, "uniform");
  const values = Float32Array.from({ length: 20_000 }, () => 6 * stream.next() - 2);
  for (let bits = 2; bits <= 8; bits++) {
    const quantizer = quantizerFor(-1.3, 3.1, bits);
    // Halves, where rounding to even shows.
    for (let i = 0; i < 200; i++) values[i] = Math.fround((i - 100.5) * quantizer.scale);
    const ours = fakeQuantize(values, quantizer);
    const theirs = await runNode(values, (graph, x) => fakeQuantizeNode(graph, x, quantizer));
    expect(theirs.every((value, i) => value === ours[i])).toBe(true);
    expect(new Set(ours).size).toBe(2 ** bits);
  }
});

test("the graph's logarithmic levels are the code's, but next to a rounding boundary", async () => {
  const stream = random(0, "log2");
  const values = Float32Array.from({ length: 20_000 }, () => stream.next() ** 6);
  values[0] = 0;
  for (const tau of [1, 2, 4]) {
    const quantizer = { bits: 4, scale: Math.fround(0.37), tau };
    const ours = fakeQuantizeLog2(values, quantizer);
    const theirs = await runNode(values, (graph, x) => fakeQuantizeLog2Node(graph, x, quantizer));
    const different = [...values.keys()].filter((i) => theirs[i] !== Math.fround(ours[i]!));
    for (const i of different) {
      const place = -tau * Math.log2(values[i]! / quantizer.scale);
      expect(Math.abs(Math.abs(place % 1) - 0.5)).toBeLessThan(1e-5);
    }
    expect(different.length).toBeLessThan(5);
    expect(theirs[0]).toBe(0);
  }
});

async function runNode(
  data: Float32Array,
  node: (graph: GraphBuilder, x: GraphValue) => GraphValue,
): Promise<Float32Array> {
  const graph = new GraphBuilder("node");
  graph.output("y", node(graph, graph.input("x", [data.length])));
  const session = await openSession(writeGraph(graph.finish(), folder), { provider: "cpu", threads: 1 });
  const { y } = await session.run({ x: { dims: [data.length], data } });
  await session.close();
  return y!.data;
}
