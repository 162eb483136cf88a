import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GraphValue, OnnxGraph, Tensor } from "../api.ts";
import { timed } from "../measure/clock.ts";
import { GraphBuilder, openSession, providers, type Session, writeGraph } from "../onnx/index.ts";

/**
 * The graph that speed is judged by: 1024 tokens go through square linear layers of SAM ViT-B's width, one after the other. A run
 * of it is short, so that some run falls between the turns of other work.
 */
const chain = { rows: 1024, width: 768, layers: 2 };

const defaults = {
  /** Time in ms that runs are measured for, after one run that is not counted. */
  calibration: 300,
};

/** Returns the bytes that this user may still write where the folder lies, or will lie. */
export async function diskFreeBytes(folder: string): Promise<number> {
  if (!existsSync(folder) && dirname(folder) !== folder) return diskFreeBytes(dirname(folder));
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

export interface ProviderState {
  readonly name: string;
  readonly usable: boolean;
  /** Reason why the provider is not usable, and what would change that. */
  readonly problem?: string;
  /** Device that the provider computes on, where its driver's loader tells. */
  readonly device?: string;
}

export { isSoftwareDevice } from "../onnx/providers/softwareDevices.ts";

/** Tries which of the runtime's providers open a graph on this machine; that of the processor always does. */
export function checkProviders(): Promise<readonly ProviderState[]> {
  return withChain("fp32", async (file) => {
    const states = new Map<string, ProviderState>([["cpu", { name: "cpu", usable: true }]]);
    for (let left = unknownTo(states); left.length > 0; left = unknownTo(states)) {
      const ended = await probe(file, left, (state) => states.set(state.name, state));
      const [crashed] = unknownTo(states);
      if (crashed !== undefined)
        states.set(crashed, { name: crashed, usable: false, problem: `its libraries end the process (${ended})` });
    }
    return providers().map((name) => states.get(name)!);
  });
}

const unknownTo = (states: ReadonlyMap<string, unknown>) => providers().filter((name) => !states.has(name));

/** Tries providers in a process of its own and tells their states. Resolves with how the process ended. */
async function probe(file: string, names: readonly string[], tell: (state: ProviderState) => void): Promise<string> {
  const script = fileURLToPath(new URL("probe.mjs", import.meta.url));
  const child = fork(script, [file, ...names], {
    execArgv: [],
    // Vulkan's loader then names the device that it opens, on stderr.
    env: { ...process.env, VK_LOADER_DEBUG: "driver,layer" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const states: ProviderState[] = [];
  let said = "";
  child.stderr!.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  child.on("message", (message) => states.push(message as ProviderState));
  const ends = [once(child, "disconnect"), once(child.stderr!, "close")];
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  await Promise.all(ends);
  const device = vulkanDevice(said);
  for (const state of states) tell(state.name === "webgpu" && device !== undefined ? { ...state, device } : state);
  return signal ?? `exit code ${code}`;
}

/** Returns the name of the device that was opened last, from the log of Vulkan's loader. */
export function vulkanDevice(log: string): string | undefined {
  return [...log.matchAll(/Using "([^"]+)" with driver/g)].at(-1)?.[1];
}

/** Numbers that a product multiplies. */
type Factors = "fp32" | "int8";

/**
 * Measures how many thousand million multiply-accumulates a second large matrix products reach. The fastest run counts, because
 * other work only slows a run. Products of int8 have the step before them that makes integers of their input, as in a model.
 */
export function measureSpeed(
  runtime: { readonly provider: string; readonly threads: number },
  factors: Factors = "fp32",
): Promise<number> {
  return withChain(factors, async (file) => {
    const session = await openSession(file, runtime);
    try {
      const fastest = Math.min(...(await timeRuns(session)));
      return (chain.rows * chain.width ** 2 * chain.layers) / fastest / 1e6;
    } finally {
      await session.close();
    }
  });
}

/** Returns the time of each run in ms. */
async function timeRuns(session: Session): Promise<readonly number[]> {
  const x: Tensor = { dims: [chain.rows, chain.width], data: new Float32Array(chain.rows * chain.width).fill(0.5) };
  await session.run({ x });
  const durations: number[] = [];
  const began = performance.now();
  while (durations.length === 0 || performance.now() - began < defaults.calibration)
    durations.push((await timed(() => session.run({ x }))).durationMs);
  return durations;
}

async function withChain<T>(factors: Factors, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-doctor-"));
  try {
    return await use(writeGraph(chainGraph(factors), folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Builds the graph. Each layer is a mean: values stay what they are, however long the chain. */
function chainGraph(factors: Factors): OnnxGraph {
  const graph = new GraphBuilder("chain");
  let x = graph.input("x", [chain.rows, chain.width]);
  for (let layer = 0; layer < chain.layers; layer++)
    x = factors === "fp32" ? fp32Mean(graph, x, layer) : int8Mean(graph, x, layer);
  graph.output("y", x);
  return graph.finish();
}

function fp32Mean(graph: GraphBuilder, x: GraphValue, layer: number): GraphValue {
  const { width } = chain;
  const read = () => new Float32Array(width ** 2).fill(1 / width);
  return graph.op("MatMul", [x, graph.constant(`weight${layer}`, "float32", [width, width], read)]);
}

/** Adds the mean as integers: activations are in steps of 1/128 from 0 on, and each weight is one step of 1/width. */
function int8Mean(graph: GraphBuilder, x: GraphValue, layer: number): GraphValue {
  const { width } = chain;
  const step = graph.constant("step", "float32", [], () => Float32Array.of(1 / 128));
  const zero = graph.constant("zero", "uint8", [], () => new Uint8Array(1));
  const weightStep = graph.constant("weight step", "float32", [], () => Float32Array.of(1 / width));
  const weightZero = graph.constant("weight zero", "int8", [], () => new Int8Array(1));
  const weight = graph.constant(`weight${layer}`, "int8", [width, width], () => new Int8Array(width ** 2).fill(1));
  const integers = graph.op("QuantizeLinear", [x, step, zero]);
  return graph.op("MatMulIntegerToFloat", [integers, weight, step, weightStep, zero, weightZero]);
}
