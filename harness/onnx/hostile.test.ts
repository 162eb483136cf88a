import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";
import { givenGraphs } from "../plan/models/variantFiles.ts";
import { runApart } from "./apart.ts";
import { readSignature } from "./files/signature.ts";
import { concat, declared, endlessLoop, field, modelOf, whole } from "./fixtures/endlessLoop.ts";
import { temporaryFolder } from "./fixtures/runGraph.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

const identity = (from: string, to: string) => field(1, concat(field(1, from), field(2, to), field(4, "Identity")));
const external = (location: string) =>
  concat(
    whole(1, 4),
    whole(2, 1),
    field(8, "w"),
    field(13, concat(field(1, "location"), field(2, location))),
    whole(14, 1),
  );
const graph = (...parts: readonly Buffer[]) => concat(declared(11, "x", 1, [4]), ...parts, declared(12, "y", 1, [4]));

function write(content: Buffer, more: readonly Buffer[] = []): string {
  const file = join(folder, "hostile.onnx");
  writeFileSync(file, modelOf(content, more));
  return file;
}

function refusal(file: string): string {
  try {
    readSignature(file);
  } catch (error) {
    expect(error).toBeInstanceOf(HarnessError);
    return (error as HarnessError).message;
  }
  throw new Error("not refused");
}

test.each(["../../secret.bin", "/etc/passwd", "weights/../../secret.bin", "..\\secret.bin", "C:\\secret.bin"])(
  "weights at %s lie outside of the graph's folder",
  async (location) => {
    // In the graph itself, in a node's attribute, and in a graph inside a node.
    const inNode = field(
      1,
      concat(field(2, "w"), field(4, "Constant"), field(5, concat(field(1, "value"), field(5, external(location))))),
    );
    const inside = field(
      1,
      concat(field(2, "z"), field(4, "If"), field(5, field(6, concat(field(5, external(location)))))),
    );
    for (const part of [field(5, external(location)), inNode, inside]) {
      const file = write(graph(part, identity("x", "y")));
      await expect(givenGraphs({ encoder: file }, file)).rejects.toThrow(
        `hostile.onnx: its weights lie outside of its folder (found ${location}, expected a file beside it)`,
      );
    }
  },
);

test("100,000 nodes are refused, and so are as many inside other nodes", () => {
  const many = Array.from({ length: 100_000 }, (_, i) => identity(i === 0 ? "x" : `v${i - 1}`, `v${i}`));
  const expected = `hostile.onnx: is more than is run here (found over ${limits.onnxNodes} nodes, expected at most ${limits.onnxNodes})`;
  expect(refusal(write(graph(Buffer.concat(many))))).toBe(expected);
  const body = field(1, concat(field(4, "Loop"), field(5, field(6, Buffer.concat(many)))));
  expect(refusal(write(graph(body)))).toBe(expected);
});

test("graphs inside one another are refused from a depth on", () => {
  let inner = identity("x", "z");
  for (let depth = 0; depth < 10_000; depth++) inner = field(1, concat(field(4, "If"), field(5, field(6, inner))));
  expect(refusal(write(graph(inner)))).toContain("graphs inside one another 17 deep, expected at most 16");
});

test("functions of its own, which could call one another without end, are refused", () => {
  const file = write(graph(identity("x", "y")), [field(25, concat(field(1, "f"), identity("a", "b")))]);
  expect(refusal(file)).toContain("found functions of its own");
});

test("a Loop without end is ended in its process, and named", async () => {
  const x = { name: "x", dims: [4] };
  const file = write(endlessLoop({ input: x, output: { name: "y", dims: [4] } }));
  const feeds = { x: { dims: [4], data: new Float32Array(4) } };
  await expect(runApart(file, feeds, ["y"], { allowedMs: 4000 })).rejects.toThrow(
    "hostile.onnx: one prompt brings no answer (found none within 4 s)",
  );
});

test("what the runtime says of a graph comes back from that process", async () => {
  const file = write(graph(identity("none", "y")));
  await expect(runApart(file, {}, ["y"])).rejects.toThrow("hostile.onnx: ONNX Runtime can not open it on provider cpu");
});
