import { expect, test } from "vitest";
import { assignmentOf } from "./assignment.ts";
import type { TracedNode, TracedRun } from "./trace.ts";

const node = (operator: string, provider: string, durationMs: number): TracedNode => ({
  name: operator,
  operator,
  provider,
  durationMs,
  inputs: [],
  outputs: [],
  outputBytes: 0,
});

const run: TracedRun = {
  durationMs: 10,
  timedBy: "device",
  nodes: [
    node("MatMul", "webgpu", 6),
    node("MemcpyToHost", "webgpu", 0),
    node("Shape", "cpu", 0.25),
    node("Round", "cpu", 0.5),
    node("Round", "cpu", 1.25),
    node("MemcpyFromHost", "webgpu", 0),
  ],
};

test("operators that ran elsewhere are listed with their nodes and times, the slowest first", () => {
  const { nodes, fallbacks, copies } = assignmentOf("decoder", "webgpu", run);
  expect(nodes).toBe(4);
  expect(fallbacks).toEqual([
    { operator: "Round", provider: "cpu", nodes: 2, ms: 1.75 },
    { operator: "Shape", provider: "cpu", nodes: 1, ms: 0.25 },
  ]);
  expect(copies).toEqual({ toProcessor: 1, toDevice: 1 });
});

test("copies take at most what kernels and nodes elsewhere leave of the run", () => {
  expect(assignmentOf("decoder", "webgpu", run).copiesShare).toBeCloseTo(0.2, 12);
});

test("there is no share of copies where the device times nothing, or nothing is copied", () => {
  expect(assignmentOf("decoder", "cuda", { ...run, timedBy: "runtime" }).copiesShare).toBeUndefined();
  const without = run.nodes.filter(({ operator }) => !operator.startsWith("Memcpy"));
  expect(assignmentOf("decoder", "webgpu", { ...run, nodes: without }).copiesShare).toBeUndefined();
});
