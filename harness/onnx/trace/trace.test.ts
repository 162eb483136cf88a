import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRuns, readTrace } from "./trace.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trace-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(events: unknown): string {
  const file = join(folder, "encoder_1.json");
  writeFileSync(file, typeof events === "string" ? events : JSON.stringify(events));
  return file;
}

const run = (ts: number, dur: number) => ({ cat: "Session", name: "model_run", ts, dur, args: {} });

/** A node as the runtime writes it; its numbers of bytes are texts. */
const node = (name: string, ts: number, dur: number, facts: object = {}) => ({
  cat: "Node",
  name: `${name}_kernel_time`,
  ts,
  dur,
  args: {
    op_name: "MatMul",
    output_size: "24",
    input_type_shape: [{ float: [2, 4] }, { float: [4, 3] }],
    output_type_shape: [{ float: [2, 3] }],
    ...facts,
  },
});

test("each run has its nodes in their order, with times in ms", () => {
  const events = [
    run(100, 50),
    run(200, 40),
    node("b", 120, 25),
    node("a", 101, 15),
    node("a", 201, 10),
    node("b", 215, 20),
  ];
  const runs = readTrace(written(events));
  expect(runs.map(({ durationMs }) => durationMs)).toEqual([0.05, 0.04]);
  expect(runs.map(({ nodes }) => nodes.map(({ name, durationMs }) => [name, durationMs]))).toEqual([
    [
      ["a", 0.015],
      ["b", 0.025],
    ],
    [
      ["a", 0.01],
      ["b", 0.02],
    ],
  ]);
  expect(runs[0]!.nodes[0]).toMatchObject({
    operator: "MatMul",
    inputs: [
      [2, 4],
      [4, 3],
    ],
    outputs: [[2, 3]],
    outputBytes: 24,
  });
});

test("nodes of a branch count into the node that chose it", () => {
  const events = [run(0, 100), node("if", 10, 50, { op_name: "If" }), node("inside", 20, 30), node("after", 60, 5)];
  expect(readTrace(written(events))[0]!.nodes.map(({ name }) => name)).toEqual(["if", "after"]);
});

test("a node that takes no microsecond is beside the one before it, and not inside it", () => {
  const events = [run(0, 100), node("first", 10, 5), node("second", 15, 0)];
  expect(readTrace(written(events))[0]!.nodes.map(({ name }) => name)).toEqual(["first", "second"]);
});

test.each([
  ["nothing", "", "encoder_1.json: not JSON (found nothing)"],
  ["half a file", '[{"cat":"Node",', "encoder_1.json: not JSON"],
  ["no list", {}, "encoder_1.json: the record is not as it should be"],
  ["an event without a time", [{ cat: "Node", name: "a" }], "encoder_1.json: field 0.ts is missing"],
  ["a negative time", [run(0, -1)], "encoder_1.json: field 0.dur is not as it should be"],
  ["no run", [node("a", 1, 1)], "encoder_1.json: has no run of the graph"],
  [
    "a node without shapes",
    [run(0, 9), node("a", 1, 1, { input_type_shape: undefined })],
    "node a: field input_type_shape is missing",
  ],
  ["a size that is none", [run(0, 9), node("a", 1, 1, { output_size: "x" })], "node a: field output_size is not as it"],
  [
    "a negative side",
    [run(0, 9), node("a", 1, 1, { output_type_shape: [{ float: [-1] }] })],
    "node a: field output_type_shape.0.float.0",
  ],
  [
    "runs of other nodes",
    [run(0, 10), node("a", 1, 1), run(20, 10), node("b", 21, 1)],
    "encoder_1.json: run 2 went through other nodes than the first",
  ],
])("%s is refused by file and field", (_, events, message) => {
  expect(() => readTrace(written(events))).toThrow(message);
});

test("a name that a terminal would obey is shown as it is written", () => {
  const events = [run(0, 9), node("a\u001b[2J", 1, 1, { op_name: 3 })];
  expect(() => readTrace(written(events))).toThrow("node a\\x1b[2J: field op_name");
});

test("a folder in the place of a profile is refused", () => {
  mkdirSync(join(folder, "encoder_2.json"));
  expect(() => readTrace(join(folder, "encoder_2.json"))).toThrow("is a folder");
});

test("a device's own times of kernels take the place of what handing the work over took", () => {
  const onDevice = { provider: "WebGpuExecutionProvider" };
  const kernel = (name: string, ts: number, dur: number) => ({ cat: "Api", name, ts, dur, args: {} });
  const events = [
    run(0, 100),
    node("a", 1, 2, onDevice),
    node("copy", 5, 80, { ...onDevice, op_name: "MemcpyToHost" }),
    node("c", 90, 4, { provider: "CPUExecutionProvider" }),
    kernel("a&MatMul&First", 10, 30),
    kernel("a&MatMul&Second", 45, 20),
  ];
  const [traced] = readRuns(written(events));
  expect(traced!.timedBy).toBe("device");
  expect(traced!.nodes.map(({ name, provider, durationMs }) => [name, provider, durationMs])).toEqual([
    ["a", "webgpu", 0.05],
    ["copy", "webgpu", 0],
    ["c", "cpu", 0.004],
  ]);
  const [untimed] = readRuns(written([...events, kernel("a&MatMul&Third", 60, 70)]));
  expect(untimed!.timedBy).toBe("runtime");
});
