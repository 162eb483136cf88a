import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededCheckpoint } from "../weights/index.ts";
import { readSignature } from "./files/signature.ts";
import { wave } from "./fixtures/runGraph.ts";
import { GraphBuilder } from "./graph.ts";
import { graphInPieces } from "./pieces.ts";
import { openSession } from "./session.ts";
import { writeGraph } from "./write.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-pieces-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const side = 1024;
const tensorBytes = 4 * side * side;

/** Writes a product of five matrices of 4 MiB: together they lie beside the model. */
function writeProducts(): string {
  const graph = new GraphBuilder("products");
  const checkpoint = seededCheckpoint();
  let value = graph.input("x", [1, side]);
  for (let i = 0; i < 5; i++)
    value = graph.op("MatMul", [value, graph.weight(checkpoint.take(`matrix.${i}`, [side, side]))]);
  graph.output("y", value);
  return writeGraph(graph.finish(), folder);
}

async function outputOf(file: string): Promise<Float32Array> {
  const session = await openSession(file, { provider: "cpu", threads: 1 });
  const { y } = await session.run({ x: wave([1, side]) });
  await session.close();
  return y!.data;
}

test("a graph in pieces of one file computes the same, and no piece is larger than it may be", async () => {
  const whole = writeProducts();
  const { model, pieces } = graphInPieces(whole, 2.5 * tensorBytes);
  expect(pieces.map(({ start, bytes }) => [start, bytes])).toEqual([
    [0, 2 * tensorBytes],
    [2 * tensorBytes, 2 * tensorBytes],
    [4 * tensorBytes, tensorBytes],
  ]);
  const apart = join(folder, "apart.onnx");
  writeFileSync(apart, model);
  for (const { name, file, start, bytes } of pieces) {
    const piece = new Uint8Array(bytes);
    const handle = openSync(file, "r");
    readSync(handle, piece, 0, bytes, start);
    closeSync(handle);
    writeFileSync(join(folder, name), piece);
  }
  expect(readSignature(apart).externalFiles).toEqual(pieces.map(({ name }) => name));
  rmSync(join(folder, "products.weights"));
  await expect(openSession(whole, { provider: "cpu", threads: 1 })).rejects.toThrow();
  expect(statSync(apart).size).toBeLessThan(tensorBytes);
  const again = writeProducts();
  expect(await outputOf(apart)).toEqual(await outputOf(again));
});

test("a tensor that is larger than a piece is refused", () => {
  expect(() => graphInPieces(writeProducts(), tensorBytes - 1)).toThrow(
    "products.onnx: one of its tensors is too large (found 4194304 bytes, expected at most 4194303 bytes)",
  );
});
