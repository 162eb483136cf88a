import type { RuntimeOptions } from "../../../api.ts";
import { HarnessError } from "../../../errors.ts";
import type { Session } from "../../../onnx/session.ts";
import { fedData, floatTensor } from "../../../onnx/sessions/feeds.ts";
import { sessionSettings } from "../../../onnx/sessions/settings.ts";
import { engine, ort, runtimeName } from "./engine.ts";
import { scope } from "./scope.ts";

/** Address of the files beside the page, and of those that hold tensors of a graph. */
export interface PageGraph {
  readonly address: string;
  readonly beside: readonly { readonly path: string; readonly address: string }[];
}

let graphs: Readonly<Record<string, PageGraph>> = {};

/** Is told of each piece of a file that has arrived, in bytes; nobody is where nobody waits. */
let arrived: ((bytes: number) => void) | undefined;

/** Prepares the runtime for a page: its threads can not be changed once a session is open. Graphs are opened by these addresses. */
export function prepareRuntime(threads: number, known: Readonly<Record<string, PageGraph>>): void {
  const runtime = new URL("ort/", scope.location.href).href;
  ort.env.wasm.wasmPaths = {
    mjs: `${runtime}${runtimeName}.mjs`,
    wasm: `${runtime}${runtimeName}.wasm`,
  };
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "fatal";
  graphs = known;
}

/** Loads the runtime's WebAssembly, once prepareRuntime has been called, and tells of it and of each graph after it as they arrive. */
export async function followLoading(received: (bytes: number) => void): Promise<void> {
  arrived = received;
  ort.env.wasm.wasmBinary = await bytesAt(new URL(`ort/${runtimeName}.wasm`, scope.location.href).href);
}

/** Opens a graph of the page as `openSession` of onnx/session.ts opens a file. */
export async function openSession(name: string, { optimisation }: RuntimeOptions): Promise<Session> {
  const graph = graphs[name];
  if (graph === undefined) throw new Error(`the page knows no graph ${name}`);
  const externalData = await Promise.all(
    graph.beside.map(async ({ path, address }) => ({ path, data: await bytesAt(address) })),
  );
  const session = await ort.InferenceSession.create(await bytesAt(graph.address), {
    executionProviders: [engine],
    executionMode: sessionSettings.executionMode,
    graphOptimizationLevel: optimisation ?? sessionSettings.optimisation,
    externalData,
    // Threads sleep between runs, as in Node.
    extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
    // Fatal errors only, as in Node.
    logSeverityLevel: 4,
  });
  return sessionOf(session);
}

function sessionOf(session: Awaited<ReturnType<typeof ort.InferenceSession.create>>): Session {
  const types = new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : undefined]));
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    async run(feeds, wanted = session.outputNames) {
      const tensors = Object.entries(feeds).map(([name, tensor]) => {
        const { type, data } = fedData(name, tensor, types.get(name));
        // One constructor for all types: its overloads pair each with its array.
        return [name, new ort.Tensor(type as "float32", data as Float32Array, tensor.dims)];
      });
      const results = Object.entries(await session.run(Object.fromEntries(tensors), [...wanted])) as [
        string,
        InstanceType<typeof ort.Tensor>,
      ][];
      return Object.fromEntries(results.map(([name, result]) => [name, floatTensor(name, result)]));
    },
    close: () => session.release(),
  };
}

async function bytesAt(address: string): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) throw new HarnessError(`${address}: the page can not load it`, { found: response.status });
  return new Uint8Array(await (arrived === undefined ? response : counted(response, arrived)).arrayBuffer());
}

/** Returns a response whose bytes are told of on their way. */
function counted({ body }: Response, received: (bytes: number) => void): Response {
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, out) {
      received(piece.length);
      out.enqueue(piece);
    },
  });
  return new Response(body?.pipeThrough(counter));
}
