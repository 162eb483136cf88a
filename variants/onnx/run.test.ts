import { appendFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { doctor } from "../../harness/commands/doctor.ts";
import { bench, memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { HarnessError } from "../../harness/errors.ts";
import { GraphBuilder, writeGraph } from "../../harness/onnx/index.ts";
import { fakePythons, onPath } from "../../harness/plan/fixtures/fakePython.ts";
import { givenGraphs, withVariantFiles } from "../../harness/plan/models/variantFiles.ts";
import { resolvePlan } from "../../harness/plan/plan.ts";
import { loadRegistry } from "../../harness/plan/plugins/registry.ts";
import { writtenLayouts } from "./fixtures/writtenLayouts.ts";

/** Path of the module that feeds the graphs. */
const plugin = fileURLToPath(new URL("variant.ts", import.meta.url));

let folder: string;
let encoder: string;
let decoder: string;
let pointsOnly: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  ({ encoder, decoder, pointsOnly } = await writtenLayouts(folder));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a decoder that takes points alone is refused with boxes, and the hint says why", async () => {
  const flags = { variants: "points", "variant-files": [`points=${pointsOnly}`] };
  await expect(resolvePlan(flags)).rejects.toMatchObject({
    message:
      "points: can not be measured by protocol miou-gtbox-argmax, it lacks what that needs (found no box-prompt)",
    hint: expect.stringContaining("the decoder that transformers.js and optimum export takes points alone"),
  });
});

test("the command line hands the files on, and says in one line what is wrong with them", async () => {
  const { code, notes } = await bench(["run", "--variants", "mine", "--variant-files", `mine=${encoder},${encoder}`]);
  expect(code).toBe(2);
  expect(notes).toMatch(
    /^error: mine: no layout of ONNX files that is known \(found encoder\.onnx and encoder\.onnx\)$/m,
  );
});

test("bench doctor knows what files would need, and what they were taken as", async () => {
  const console = memoryConsole();
  const args = { variants: "mine", "variant-files": [`mine=${encoder}`, decoder], results: folder };
  // The machine's own Pythons take seconds to ask, and nothing here needs one.
  expect(await onPath(fakePythons(folder, {}), () => doctor.run(args, console))).toBe(0);
  expect(console.said.out).toMatch(/^mine +onnx +\d+ +\d+/m);
  expect(console.said.out).toContain("mine: encoder.onnx and decoder.onnx, taken as: SAM's official decoder export");
});

test("bench inspect lists what an ONNX file takes and gives", async () => {
  const console = memoryConsole();
  expect(await inspect.run({ file: decoder }, console)).toBe(0);
  expect(console.said.out).toMatch(/^input +has_mask_input +float32 +\[1\]$/m);
  expect(console.said.out).toMatch(/^output +low_res_masks +float32 +\[1, 4, 128, 128\]$/m);
});

test("another byte in either file is another variant, and a file that is moved is not", async () => {
  const place = mkdtempSync(join(folder, "copies-"));
  const graph = new GraphBuilder("a");
  graph.output("y", graph.op("Relu", [graph.input("x", [1, 2])]));
  const a = writeGraph(graph.finish(), place);
  const b = writeGraph({ ...graph.finish(), name: "b" }, place);
  const before = await givenGraphs({ encoder: a, decoder: b }, plugin);
  renameSync(a, join(place, "c.onnx"));
  const moved = await givenGraphs({ encoder: join(place, "c.onnx"), decoder: b }, plugin);
  expect(moved.hashes).toEqual(before.hashes);
  expect(moved.weights.sha256).toBe(before.weights.sha256);
  // A field of the model that nothing reads.
  appendFileSync(b, Buffer.from([0x2a, 1, 65]));
  const other = await givenGraphs({ encoder: join(place, "c.onnx"), decoder: b }, plugin);
  expect(other.hashes.decoder).not.toBe(before.hashes.decoder);
  expect(other.hashes.encoder).toBe(before.hashes.encoder);
  expect(other.weights.sha256).not.toBe(before.weights.sha256);
});

test("the file that holds a graph's tensors is part of it, and missed by name", async () => {
  const place = mkdtempSync(join(folder, "external-"));
  const graph = new GraphBuilder("large");
  const table = graph.constant("table", "float32", [600_000, 8], () => new Float32Array(4_800_000));
  graph.output("y", graph.op("MatMul", [graph.input("x", [1, 600_000]), table]));
  const file = writeGraph(graph.finish(), place);
  const { weights } = await givenGraphs({ encoder: file }, plugin);
  expect(weights.files!.map(({ name }) => name)).toEqual(["large.onnx", "large.weights"]);
  rmSync(join(place, "large.weights"));
  await expect(givenGraphs({ encoder: file }, plugin)).rejects.toThrow(
    "large.onnx: the file with its weights is missing (expected large.weights beside it)",
  );
});

test.each([
  ["no name", ["a.onnx", "b.onnx"], "a name and its files are needed (found a.onnx,b.onnx"],
  ["a name with a slash", ["a/b=a.onnx"], "a name and its files are needed"],
  ["no file", ["mine="], "a name and its files are needed"],
  ["the name of a variant", ["sam-nano=a.onnx"], "the id sam-nano is taken"],
  ["a file that is not there", ["mine=none.onnx", "b.onnx"], "none.onnx: no such file"],
])("--variant-files with %s is refused", async (_, pieces, message) => {
  const error = await withVariantFiles(await loadRegistry(), pieces).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as Error).message).toContain(message);
});

test("weights of another kind are refused, since the files hold their own", async () => {
  const flags = { variants: "mine", "variant-files": [`mine=${encoder}`, decoder] };
  await expect(resolvePlan({ ...flags, weights: "seeded" })).rejects.toThrow(
    "mine: its ONNX files hold weights of their own, not seeded ones",
  );
});
