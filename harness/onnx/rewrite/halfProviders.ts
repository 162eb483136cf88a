import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GraphValue, HalfType, OnnxGraph, Tensor } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { runApart } from "../apart.ts";
import { GraphBuilder } from "../graph.ts";
import { gelu, reshape, softmax, transpose } from "../layers.ts";
import { writeGraph } from "../write.ts";
import { computedIn } from "./computedIn.ts";

/**
 * Types of 16 bits that providers have operators for; the device decides whether it computes in them. The processor has none: the
 * runtime casts each value to float32 and back there.
 */
const halfTypes: Readonly<Record<string, readonly HalfType[]>> = {
  webgpu: ["float16"],
  cuda: ["float16", "bfloat16"],
  tensorrt: ["float16", "bfloat16"],
  coreml: ["float16"],
  dml: ["float16"],
};

const defaults = {
  /** A provider that has not answered within this time, ms, does not compute in the type; opening a device takes a second or two. */
  allowedMs: 30_000,
  /** Largest difference from what float32 gives, of values about 1: some steps of bfloat16. */
  tolerance: 0.05,
};

const answers = new Map<string, Promise<boolean>>();

/**
 * Tells whether a provider computes in this type on this machine. It is tried once in a process, on a small graph of the operators
 * that encoders are made of: a device says so only when it runs one.
 */
export function computesIn(provider: string, type: HalfType): Promise<boolean> {
  if (!(halfTypes[provider] ?? []).includes(type)) return Promise.resolve(false);
  const key = `${provider} ${type}`;
  const answer = answers.get(key) ?? passesTrial(provider, type);
  answers.set(key, answer);
  return answer;
}

/**
 * Runs the small graph in this type on the provider, and tells whether what it gives is near float32 on the processor. The
 * processor passes with float16, by casts around each operator.
 */
export async function passesTrial(provider: string, type: HalfType): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-"));
  try {
    const image: Tensor = { dims: [1, 4, 8, 8], data: Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)) };
    const run = async (graph: OnnxGraph, on: string) => {
      const file = writeGraph(graph, folder);
      const { result } = await runApart(file, { image }, ["result"], { provider: on, allowedMs: defaults.allowedMs });
      return result!.data;
    };
    const expected = await run(trialGraph(), "cpu");
    const found = await run(computedIn(trialGraph(), type), provider);
    return expected.every((value, i) => Math.abs(value - found[i]!) <= defaults.tolerance);
  } catch (error) {
    if (error instanceof HarnessError) return false;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns a graph of one convolution, attention block and MLP: `image` [1, 4, 8, 8] → `result` [1, 64, 4]. */
export function trialGraph(): OnnxGraph {
  const graph = new GraphBuilder("trial");
  const weight = (name: string, dims: readonly number[]) =>
    graph.constant(name, "float32", dims, () => {
      const count = dims.reduce((product, dim) => product * dim, 1);
      return Float32Array.from({ length: count }, (_, i) => Math.cos(i) / 2);
    });
  const product = (x: GraphValue, matrix: GraphValue) => graph.op("FusedMatMul", [x, matrix], { transB: 1 });
  const image = graph.input("image", [1, 4, 8, 8]);
  const kernels = [weight("kernels", [4, 4, 3, 3]), weight("kernels.bias", [4])];
  const convolved = graph.op("Conv", [image, ...kernels], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
  const tokens = transpose(graph, reshape(graph, convolved, [1, 4, 64]), [0, 2, 1]);
  const normed = graph.op("LayerNormalization", [tokens, weight("scale", [4]), weight("shift", [4])], { axis: -1 });
  const attended = graph.op("MatMul", [softmax(graph, product(normed, normed)), normed]);
  const widened = product(attended, weight("widen", [8, 4]));
  const activated = gelu(graph, graph.op("BiasGelu", [widened, weight("widen.bias", [8])]));
  const values = product(activated, weight("narrow", [4, 8]));
  graph.output("result", graph.op("MultiHeadAttention", [normed, normed, values], { num_heads: 2 }));
  return graph.finish();
}
