import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { temporaryFolder } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { writeGraph } from "../write.ts";
import { readSignature } from "./signature.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A product whose matrix has `rows` x 8 numbers: from half a million rows on it lies in a file of its own. */
function written(rows: number): string {
  const graph = new GraphBuilder("signed");
  const x = graph.input("x", ["prompts", rows]);
  const labels = graph.input("labels", [1, "points"], "int64");
  const matrix = graph.constant("matrix", "float32", [rows, 8], () => new Float32Array(8 * rows));
  graph.output("y", graph.op("MatMul", [x, matrix]));
  graph.output("kept", labels);
  return writeGraph(graph.finish(), folder);
}

test("a file says its inputs and outputs with types and dimensions, its weights left out", () => {
  const file = written(3);
  expect(readSignature(file)).toMatchObject({
    file,
    inputs: [
      { name: "x", type: "float32", dims: ["prompts", 3] },
      { name: "labels", type: "int64", dims: [1, "points"] },
    ],
    outputs: [
      { name: "y", type: "float32", dims: ["prompts", 8] },
      { name: "kept", type: "int64", dims: [1, "points"] },
    ],
    externalFiles: [],
  });
});

test("files that hold its tensors are named", () => {
  expect(readSignature(written(600_000)).externalFiles).toEqual(["signed.weights"]);
});

test("whole numbers and short texts that nodes have as attributes are read", () => {
  const graph = new GraphBuilder("attributes");
  const x = graph.input("x", [1, 2, 4, 4]);
  const sizes = graph.ints([1, 2, 8, 8]);
  const large = graph.op("Resize", [x, undefined, undefined, sizes], { mode: "linear" }, { vouched: [1, 2, 8, 8] });
  graph.output("y", graph.op("Softmax", [large], { axis: 1 }));
  const { body } = readSignature(writeGraph(graph.finish(), folder));
  expect(body!.nodes.slice(0, 2).map(({ operator, attributes }) => [operator, attributes])).toEqual([
    ["Resize", { mode: "linear" }],
    ["Softmax", { axis: 1 }],
  ]);
});

// As protobuf writes them by hand: field 7 the graph; in it field 11 and 5 one name each, 12 the output.
test("old files list weights among the inputs, and may say nothing of a shape", () => {
  const named = (field: number, name: string) => message(field, message(1, Buffer.from(name)));
  const weight = message(5, message(8, Buffer.from("w")));
  const graph = Buffer.concat([weight, named(11, "w"), named(11, "x"), named(12, "y")]);
  const file = join(folder, "old.onnx");
  writeFileSync(file, message(7, graph));
  expect(readSignature(file)).toMatchObject({
    inputs: [{ name: "x", type: "undefined" }],
    outputs: [{ name: "y", type: "undefined" }],
  });
  expect(readSignature(file).inputs[0]!.dims).toBeUndefined();
});

describe("is refused by name", () => {
  test.each([
    ["a file of something else", () => writeFileSync(join(folder, "a.onnx"), "PK\u0003\u0004 no model")],
    ["an empty file", () => writeFileSync(join(folder, "a.onnx"), "")],
    ["a page of zeros", () => writeFileSync(join(folder, "a.onnx"), Buffer.alloc(4096))],
    [
      "a file that is cut off",
      () => {
        writeFileSync(join(folder, "a.onnx"), readFileSync(written(3)));
        truncateSync(join(folder, "a.onnx"), 90);
      },
    ],
  ])("%s", (_, write) => {
    write();
    const error = failure(join(folder, "a.onnx"));
    expect(error).toBeInstanceOf(HarnessError);
    expect(error.message).toMatch(/^a\.onnx: not an ONNX file, or cut off \(found .+, expected an \.onnx file/);
  });

  test("a file that is not there", () => {
    expect(failure(join(folder, "none.onnx")).message).toContain("none.onnx: no such file");
  });
});

// Whatever bytes are damaged: a signature or a HarnessError, never another error and never without an end.
test("damaged bytes are read or refused", () => {
  const file = written(3);
  const bytes = readFileSync(file);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = 255 - damaged[at]!;
    const other = join(folder, "damaged.onnx");
    writeFileSync(other, damaged);
    const outcome = outcomeOf(other);
    expect(outcome instanceof HarnessError || basename((outcome as { file: string }).file)).toBeTruthy();
  }
});

/** A length-delimited field of less than 128 bytes. */
function message(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2, content.length]), content]);
}

function outcomeOf(file: string): unknown {
  try {
    return readSignature(file);
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
}

function failure(file: string): Error {
  const outcome = outcomeOf(file);
  if (outcome instanceof Error) return outcome;
  throw new Error(`${file} was read`);
}
