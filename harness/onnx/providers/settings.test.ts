import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OnnxGraph } from "../../api.ts";
import { temporaryFolder } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { openSession, type SessionMaker } from "../session.ts";
import { writeGraph } from "../write.ts";
import { engineFolder } from "./engines.ts";
import { computesInHalves } from "./halfGraphs.ts";

type Options = Parameters<SessionMaker["InferenceSession"]["create"]>[1];

const changed = ["SAM_BENCH_HOME", "NVIDIA_TF32_OVERRIDE"] as const;
const before = changed.map((name) => process.env[name]);
let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  process.env.SAM_BENCH_HOME = folder;
  delete process.env.NVIDIA_TF32_OVERRIDE;
});
afterEach(() => {
  for (const [i, name] of changed.entries())
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  rmSync(folder, { recursive: true });
});

function product(factor: number): OnnxGraph {
  const graph = new GraphBuilder("product");
  const weight = graph.constant("weight", "float32", [1], () => Float32Array.of(factor));
  graph.output("y", graph.op("Mul", [graph.input("x", [4]), weight]));
  return graph.finish();
}

/** A runtime that has every provider, and records what its sessions are asked for. */
async function askedFor(provider: string, file = writeGraph(product(2), folder)): Promise<Options> {
  const asked: Options[] = [];
  const maker: SessionMaker = {
    listSupportedBackends: () => ["cpu", "webgpu", "cuda", "tensorrt"].map((name) => ({ name })),
    InferenceSession: {
      async create(_, options) {
        asked.push(options);
        return { inputNames: [], outputNames: [], inputMetadata: [], outputMetadata: [] } as never;
      },
    },
  };
  await openSession(file, { provider, threads: 3 }, maker);
  return asked[0]!;
}

test("a session on CUDA is asked for on the first device, in float32, and with memory that grows as it is needed", async () => {
  const { executionProviders, intraOpNumThreads, extra } = await askedFor("cuda");
  expect([executionProviders, intraOpNumThreads]).toEqual([[{ name: "cuda", deviceId: 0 }], 3]);
  expect(extra?.ep).toEqual({
    cudaexecutionprovider: {
      use_tf32: "0",
      cudnn_conv_algo_search: "EXHAUSTIVE",
      arena_extend_strategy: "kSameAsRequested",
    },
  });
  expect(process.env.NVIDIA_TF32_OVERRIDE).toBe("0");
});

test("whoever asks NVIDIA's libraries for TF32 gets it", async () => {
  process.env.NVIDIA_TF32_OVERRIDE = "1";
  await askedFor("cuda");
  expect(process.env.NVIDIA_TF32_OVERRIDE).toBe("1");
});

test("TensorRT keeps its engines by the graph, and leaves what it can not run to CUDA", async () => {
  const file = writeGraph(product(2), folder);
  const { executionProviders, extra } = await askedFor("tensorrt", file);
  expect(executionProviders).toEqual([
    { name: "tensorrt", deviceId: 0 },
    { name: "cuda", deviceId: 0 },
  ]);
  const place = engineFolder(file);
  expect([existsSync(place), dirname(place)]).toEqual([true, `${folder}/engines`]);
  expect(extra?.ep).toMatchObject({
    tensorrtexecutionprovider: {
      trt_engine_cache_enable: "1",
      trt_engine_cache_path: place,
      trt_fp16_enable: "0",
    },
    cudaexecutionprovider: { use_tf32: "0" },
  });
});

test("other weights have another folder of engines, and the same graph has the same", () => {
  const first = engineFolder(writeGraph(product(2), folder));
  const again = engineFolder(writeGraph(product(2), folder));
  const other = engineFolder(writeGraph(product(3), folder));
  expect([again === first, other === first]).toEqual([true, false]);
});

test("16-bit arithmetic is asked of TensorRT for a graph of 16-bit floats alone", async () => {
  const graph = new GraphBuilder("halves");
  const half = graph.op("Cast", [graph.input("x", [4])], { to: 10 });
  graph.output("y", graph.op("Cast", [half], { to: 1 }));
  const file = writeGraph(graph.finish(), folder);
  expect(computesInHalves(file)).toBe(true);
  expect((await askedFor("tensorrt", file)).extra?.ep).toMatchObject({
    tensorrtexecutionprovider: { trt_fp16_enable: "1" },
  });
});

test("the processor and WebGPU are asked for by their names alone", async () => {
  for (const provider of ["cpu", "webgpu"]) {
    const { executionProviders, extra } = await askedFor(provider);
    expect([executionProviders, extra?.ep]).toEqual([[provider], {}]);
  }
  expect(process.env.NVIDIA_TF32_OVERRIDE).toBeUndefined();
});
