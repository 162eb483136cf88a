import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GraphValue } from "../api.ts";
import { GraphBuilder, openSession, writeGraph } from "../onnx/index.ts";
import { random } from "../stats/random.ts";
import { fakeQuantizeLog2Node, fakeQuantizeNode } from "./fakeQuantize.ts";
import { fakeQuantizeLog2 } from "./fixtures/fakeQuantizeLog2.ts";
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

test.each([1, 2, 4])("the graph's logarithmic levels are the code's in every bit, with tau %i", async (tau) => {
  const stream = random(0, "log2");
  const values = Float32Array.from({ length: 20_000 }, (_, i) => stream.next() ** (i % 2 === 0 ? 6 : 30));
  for (const bits of [2, 4, 8]) {
    const quantizer = { bits, scale: Math.fround(0.37), tau };
    // Next to every rounding boundary, where float32 logarithms are on either side; below all of them; and above the scale.
    const boundaries = Array.from({ length: 2 ** bits }, (_, q) => Math.fround(0.37 * 2 ** (-(q + 0.5) / tau)));
    const beside = boundaries.flatMap((value) => [-2, -1, 0, 1, 2].map((i) => value * (1 + i * 2 ** -23)));
    values.set([0, 1e-30, 0.37, 0.38, 1, ...beside.filter((value) => value > 1e-37)]);
    const ours = fakeQuantizeLog2(values, quantizer);
    const theirs = await runNode(values, (graph, x) => fakeQuantizeLog2Node(graph, x, quantizer));
    expect([...values.keys()].filter((i) => theirs[i] !== Math.fround(ours[i]!))).toEqual([]);
    expect(new Set(theirs).size).toBeGreaterThan(Math.min(2 ** bits, 60));
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
