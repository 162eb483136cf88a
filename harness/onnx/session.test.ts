import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { readSignature } from "./files/signature.ts";
import { temporaryFolder, wave } from "./fixtures/runGraph.ts";
import { GraphBuilder } from "./graph.ts";
import { openSession, optimisedFile, providers, runtimeVersion } from "./session.ts";
import { writeGraph } from "./write.ts";

const cpu = { provider: "cpu", threads: 1 };
let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

function relu(): string {
  const graph = new GraphBuilder("relu");
  graph.output("y", graph.op("Relu", [graph.input("x", ["rows", 2])]));
  return writeGraph(graph.finish(), folder);
}

test("a session names its inputs and outputs, and runs as often as wanted", async () => {
  const session = await openSession(relu(), cpu);
  expect([session.inputs, session.outputs]).toEqual([["x"], ["y"]]);
  for (const rows of [1, 3]) {
    const x = wave([rows, 2]);
    const { y } = await session.run({ x });
    expect(y!.dims).toEqual([rows, 2]);
    expect([...y!.data]).toEqual([...x.data.map((value) => Math.max(0, value))]);
  }
  await session.close();
});

test("the runtime's version is the one that the package names", () => {
  expect(runtimeVersion).toMatch(/^\d+\.\d+\.\d+/);
  expect(providers()).toContain("cpu");
});

test("every level of optimisation gives the same numbers", async () => {
  const file = relu();
  for (const optimisation of ["disabled", "basic", "extended", "all"] as const) {
    const session = await openSession(file, { ...cpu, optimisation });
    expect([...(await session.run({ x: { dims: [1, 2], data: Float32Array.of(-1, 2) } })).y!.data]).toEqual([0, 2]);
    await session.close();
  }
});

test("an unknown provider is an error that names the known ones", async () => {
  const error = await failure(openSession(relu(), { ...cpu, provider: "cpuu" }));
  expect(error.message).toBe("unknown provider: cpuu; did you mean cpu?");
});

// A machine with a GPU may have them all; then there is nothing to fail.
test("a provider whose libraries are not there is an error that says how to get them", async () => {
  const file = relu();
  for (const provider of providers().filter((name) => name !== "cpu")) {
    const opened = openSession(file, { ...cpu, provider });
    const outcome = await opened.then(
      (session) => session.close().then(() => undefined),
      (error: unknown) => error as HarnessError,
    );
    if (outcome === undefined) continue;
    expect(outcome).toBeInstanceOf(HarnessError);
    expect(outcome.message).toContain(`relu.onnx: ONNX Runtime can not open it on provider ${provider} (found `);
    expect(outcome.message).not.toContain("\n");
    expect(outcome.hint).toMatch(
      provider === "cuda" || provider === "tensorrt" ? /CUDA 12.*install\.js/ : /--provider cpu/,
    );
  }
});

test.each([
  ["empty", () => new Uint8Array()],
  ["foreign", () => Buffer.from("this is no graph")],
  ["cut off", (whole: Buffer) => whole.subarray(0, whole.length - 20)],
])("a file that is %s is an error with one line", async (_, damage) => {
  const file = relu();
  writeFileSync(file, damage(readFileSync(file)));
  const error = await failure(openSession(file, cpu));
  expect(error.message).toMatch(/^relu\.onnx: ONNX Runtime can not open it on provider cpu \(found .+\)$/);
  expect(error.hint).toContain("is the file whole?");
});

test("a file that is not there is named", async () => {
  const file = join(folder, "none.onnx");
  expect((await failure(openSession(file, cpu))).message).toBe(`${file}: no such file (expected an ONNX graph)`);
});

test("a profile and the graph that ran are written where a profile is asked for, and only then", async () => {
  const file = relu();
  for (const options of [cpu, { ...cpu, profile: folder }]) {
    const session = await openSession(file, options);
    await session.run({ x: wave([1, 2]) });
    await session.close();
  }
  const profiles = readdirSync(folder).filter((name) => name.endsWith(".json"));
  expect(profiles).toEqual([expect.stringMatching(/^relu_.*\.json$/)]);
  const events = JSON.parse(readFileSync(join(folder, profiles[0]!), "utf8")) as { name: string }[];
  expect(events.some(({ name }) => name.includes("Relu"))).toBe(true);
  const ran = readSignature(optimisedFile(folder, file)).body!.nodes;
  expect(ran.map(({ name, operator }) => [name, operator])).toEqual([["Relu", "Relu"]]);
});

async function failure(opened: Promise<unknown>): Promise<HarnessError> {
  const error = await opened.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HarnessError);
  return error as HarnessError;
}
