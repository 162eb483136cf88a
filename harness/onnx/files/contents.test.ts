import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { writeGraph } from "../write.ts";
import { readContents } from "./contents.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Multiplies by a matrix of ones; from half a million rows on it lies in a file of its own. */
function product(rows: number): string {
  const graph = new GraphBuilder("product");
  const matrix = graph.constant("blocks.0.weight", "float32", [rows, 8], () => new Float32Array(8 * rows).fill(1));
  graph.output("y", graph.op("MatMul", [graph.input("x", [1, rows]), matrix]));
  return writeGraph(graph.finish(), folder);
}

test("nodes have their names, operators and values, in the file's order", () => {
  const { nodes, opset } = readContents(product(3));
  expect(opset).toBe(21);
  expect(nodes.map(({ operator, inputs }) => [operator, inputs])).toEqual([
    ["MatMul", ["x", "blocks.0.weight"]],
    ["Identity", [nodes[0]!.outputs[0]]],
  ]);
  expect(nodes[1]!.outputs).toEqual(["y"]);
});

test.each([
  ["in the model", 3, "product.onnx"],
  ["in a file beside it", 600_000, "product.weights"],
])("a stored tensor's values are where it is said, %s", (_, rows, file) => {
  const stored = readContents(product(rows)).stored.get("blocks.0.weight")!;
  expect(stored).toMatchObject({ type: "float32", dims: [rows, 8] });
  const { offset, bytes, ...place } = stored.place!;
  expect([place.file, bytes]).toEqual([join(folder, file), rows * 32]);
  const values = readFileSync(place.file).subarray(offset, offset + bytes);
  expect([values.readFloatLE(0), values.readFloatLE(bytes - 4)]).toEqual([1, 1]);
});

// Whatever bytes are damaged: contents or a HarnessError, never another error and never without an end.
test("damaged bytes are read or refused", () => {
  const bytes = readFileSync(product(3));
  const file = join(folder, "damaged.onnx");
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = 255 - damaged[at]!;
    writeFileSync(file, damaged);
    expect(outcomeOf(file)).toMatch(/^(read|HarnessError)$/);
  }
});

function outcomeOf(file: string): string {
  try {
    readContents(file);
    return "read";
  } catch (error) {
    return (error as Error).name;
  }
}
