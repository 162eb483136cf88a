import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";
import { givenGraphs } from "../plan/variantFiles.ts";
import { runApart } from "./apart.ts";
import { temporaryFolder } from "./fixtures/runGraph.ts";
import { readSignature } from "./signature.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A field of length: as protobuf writes it by hand. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([varint(8 * number + 2), varint(bytes.length), bytes]);
}

const whole = (number: number, value: number) => Buffer.concat([varint(8 * number), varint(value)]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const concat = (...parts: readonly Buffer[]) => Buffer.concat(parts);
const identity = (from: string, to: string) => field(1, concat(field(1, from), field(2, to), field(4, "Identity")));
/** A value of a type and a shape: 1 float, 7 int64, 9 bool. */
const declared = (number: number, name: string, type: number, dims: readonly number[]) => {
  const shape = field(2, concat(...dims.map((dim) => field(1, whole(1, dim)))));
  return field(number, concat(field(1, name), field(2, field(1, concat(whole(1, type), shape)))));
};
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
  writeFileSync(file, concat(whole(1, 8), field(8, concat(field(1, ""), whole(2, 17))), field(7, content), ...more));
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

/** A Loop of 2^62 rounds, each of which passes a condition that holds on. */
function endless(): string {
  const small = (name: string, type: number, bytes: Buffer) =>
    field(5, concat(whole(2, type), field(8, name), field(9, bytes)));
  const rounds = Buffer.alloc(8);
  rounds.writeBigInt64LE(2n ** 62n);
  const node = (
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    more: readonly Buffer[] = [],
  ) =>
    field(
      1,
      concat(
        ...inputs.map((each) => field(1, each)),
        ...outputs.map((each) => field(2, each)),
        field(4, operator),
        ...more,
      ),
    );
  const body = concat(
    node("Identity", ["going"], ["goes"]),
    node("Relu", ["state"], ["next"]),
    field(2, "body"),
    ...[declared(11, "round", 7, []), declared(11, "going", 9, []), declared(11, "state", 1, [4])],
    ...[declared(12, "goes", 9, []), declared(12, "next", 1, [4])],
  );
  const attribute = field(5, concat(field(1, "body"), field(6, body), whole(20, 5)));
  return write(
    concat(
      node("Loop", ["rounds", "true", "x"], ["y"], [attribute]),
      field(2, "endless"),
      ...[small("rounds", 7, rounds), small("true", 9, Buffer.from([1]))],
      ...[declared(11, "x", 1, [4]), declared(12, "y", 1, [4])],
    ),
  );
}

test("a Loop without end is ended in its process, and named", async () => {
  const file = endless();
  const feeds = { x: { dims: [4], data: new Float32Array(4) } };
  await expect(runApart(file, feeds, ["y"], 8000)).rejects.toThrow(
    "hostile.onnx: one prompt brings no answer (found none within 8 s)",
  );
});

test("what the runtime says of a graph comes back from that process", async () => {
  const file = write(graph(identity("none", "y")));
  await expect(runApart(file, {}, ["y"])).rejects.toThrow("hostile.onnx: ONNX Runtime can not open it on provider cpu");
});
