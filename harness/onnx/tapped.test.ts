import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryFolder, wave } from "./fixtures/runGraph.ts";
import { GraphBuilder } from "./graph.ts";
import { openTypedSession } from "./session.ts";
import { outputsPart, samplesOfValue, samplesPart, writeTapped } from "./tapped.ts";
import { writeGraph } from "./write.ts";

let folder: string;
let copies: string;
beforeEach(() => {
  folder = temporaryFolder();
  copies = temporaryFolder();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  rmSync(copies, { recursive: true });
});

/** Adds up and takes the sign, with weights beside the model: [rows, 1024] → y, by way of `Relu` and `Equal`. */
function written(): { readonly file: string; readonly names: readonly string[] } {
  const graph = new GraphBuilder("tapped");
  const large = graph.constant("large", "float32", [5, 2 ** 20], () => new Float32Array(5 * 2 ** 20).fill(2));
  const x = graph.input("x", ["rows", 1024]);
  const relu = graph.op("Relu", [x]);
  const equal = graph.op("Equal", [relu, graph.number(0)]);
  graph.output("y", graph.op("Gather", [large, graph.ints([0])]));
  graph.output("zeros", equal);
  return { file: writeGraph(graph.finish(), folder), names: [relu.name, equal.name] };
}

const options = { provider: "cpu", threads: 1, optimisation: "disabled" } as const;

test("values of a copy become outputs with the types that the runtime finds, and the copy needs no original", async () => {
  const { file, names } = written();
  const copy = writeTapped(file, copies, outputsPart(names));
  rmSync(file);
  const session = await openTypedSession(copy, options);
  expect(session.outputs.slice(2)).toEqual([
    { name: names[0], type: "float32", dims: ["rows", 1024] },
    { name: names[1], type: "bool", dims: ["rows", 1024] },
  ]);
  const x = wave([2, 1024]);
  const outputs = await session.run({ x }, [names[0]!]);
  expect(outputs[names[0]!]!.data).toEqual(x.data.map((value) => Math.max(value, 0)));
  await session.close();
});

test("samples are spread over a value of any size, and an empty one has none", async () => {
  const { file, names } = written();
  const { part, outputs } = samplesPart([names[0]!]);
  const session = await openTypedSession(writeTapped(file, copies, part), options);
  const { dims, samples } = outputs[0]!;
  for (const rows of [0, 1, 7]) {
    const x = wave([rows, 1024]);
    const found = await session.run({ x }, [dims, samples]);
    expect([...(found[dims]!.data as BigInt64Array)]).toEqual([BigInt(rows), 1024n]);
    const step = Math.floor((rows * 1024) / samplesOfValue) + 1;
    const expected = x.data.filter((_, i) => i % step === 0).map((value) => Math.max(value, 0));
    expect(found[samples]!.data).toEqual(expected);
  }
  await session.close();
});

test("a file of tensors that is missing is named", () => {
  const { file } = written();
  rmSync(join(folder, "tapped.weights"));
  expect(() => writeTapped(file, copies, outputsPart([]))).toThrow("tapped.onnx: the file with its weights is missing");
});
