import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OnnxGraph, Tensor } from "../api.ts";
import { timed } from "../measure/clock.ts";
import { GraphBuilder, openSession, providers, type Session, writeGraph } from "../onnx/index.ts";

/** The graph that speed is judged by: 1024 tokens go through square linear layers of SAM ViT-B's width, one after the other. */
const chain = { rows: 1024, width: 768, layers: 16 };

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

/** Parts of the names of devices that compute on the processor: they are Chromium's, Mesa's and Windows' own. */
const softwareDevices = /swiftshader|llvmpipe|lavapipe|basic render/i;

/** Tells whether a device computes on the processor, so that its times are no GPU's. */
export function isSoftwareDevice(device: string): boolean {
  return softwareDevices.test(device);
}

/** Tries which of the runtime's providers open a graph on this machine; that of the processor always does. */
export function checkProviders(): Promise<readonly ProviderState[]> {
  return withChain(async (file) => {
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

/**
 * Measures how many thousand million multiply-accumulates a second large matrix products reach. The fastest run counts, because
 * other work only slows a run.
 */
export function measureSpeed(runtime: { readonly provider: string; readonly threads: number }): Promise<number> {
  return withChain(async (file) => {
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

async function withChain<T>(use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-doctor-"));
  try {
    return await use(writeGraph(chainGraph(), folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Builds the graph. Each layer is a mean: values stay what they are, however long the chain. */
function chainGraph(): OnnxGraph {
  const { rows, width, layers } = chain;
  const graph = new GraphBuilder("chain");
  const read = () => new Float32Array(width ** 2).fill(1 / width);
  let x = graph.input("x", [rows, width]);
  for (let layer = 0; layer < layers; layer++)
    x = graph.op("MatMul", [x, graph.constant(`weight${layer}`, "float32", [width, width], read)]);
  graph.output("y", x);
  return graph.finish();
}
