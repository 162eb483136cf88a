import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import type ort from "onnxruntime-node";
import { withValues } from "../absent.ts";
import type { DeclaredValue, RuntimeOptions, Tensor } from "../api.ts";
import { HarnessError, unknown } from "../errors.ts";
import { sumsInt8In32Bits } from "./int8Sums.ts";
import { askedProviders, configurationOf, prepareEnvironment, settingsOf } from "./providers/settings.ts";
import { fedData, floatTensor } from "./sessions/feeds.ts";
import { sessionSettings } from "./sessions/settings.ts";

/** A session is a graph ready to run. Feeds and results are float32 by the graph's own names. */
export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs the graph. Whole numbers reach inputs of int64 and int32 as such. Only the outputs in `wanted` are returned, or all of
   * them.
   */
  run(feeds: Readonly<Record<string, Tensor>>, wanted?: readonly string[]): Promise<Readonly<Record<string, Tensor>>>;
  /** Ends the session; where a profile was asked for, it is written here. */
  close(): Promise<void>;
}

export interface SessionOptions extends RuntimeOptions {
  readonly optimisation?: "disabled" | "basic" | "extended" | "all";
  /**
   * Says whether the memory of a run is kept for the next one, or given back: that is slower, but many sessions can be open at
   * once.
   */
  readonly memory?: "kept" | "given back";
  /** The model to run in place of the file's own; tensors beside the file are its tensors. */
  readonly model?: Uint8Array;
}

const require = createRequire(import.meta.url);

export const runtimeVersion: string = (require("onnxruntime-node/package.json") as { readonly version: string })
  .version;

/** The parts of the runtime that sessions are made with. Tests bring others, which record what they are asked for. */
export interface SessionMaker {
  listSupportedBackends(): readonly { readonly name: string }[];
  readonly InferenceSession: {
    create(model: string | Uint8Array, options: ort.InferenceSession.SessionOptions): Promise<ort.InferenceSession>;
  };
}

let loaded: typeof ort | undefined;

/** Loads the runtime with the first session: most commands open none, and need not wait for its library. */
function runtime(): typeof ort {
  if (loaded !== undefined) return loaded;
  loaded = require("onnxruntime-node") as typeof ort;
  // What it says outside of sessions, such as libraries that a provider did not find: the error names them.
  loaded.env.logLevel = "fatal";
  return loaded;
}

/**
 * Returns the providers that this build of ONNX Runtime carries; whether the machine has their libraries shows when one is
 * opened.
 */
export function providers(maker: SessionMaker = runtime()): readonly string[] {
  return maker.listSupportedBackends().map((backend) => backend.name);
}

/** An output in the type that the graph gives it: float16 are 16 bits each. */
export interface TypedTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView;
}

/** A session whose outputs may be of any type. */
export interface TypedSession {
  readonly inputs: readonly string[];
  /** Outputs have the types that the runtime finds out; a dimension that it does not know has a name, or is "?". */
  readonly outputs: readonly DeclaredValue[];
  /** Runs the graph and returns the outputs in `wanted`. Inputs get their own types. */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    wanted: readonly string[],
  ): Promise<Readonly<Record<string, TypedTensor>>>;
  close(): Promise<void>;
}

/**
 * Opens a graph. Worker threads sleep between runs instead of spinning: spinning lasts some 30 ms after a run and would
 * be measured as part of the next one.
 * Throws HarnessError where the provider is unknown or its libraries are missing, or the file is no graph.
 */
export async function openSession(
  file: string,
  options: SessionOptions,
  maker: SessionMaker = runtime(),
): Promise<Session> {
  const session = await created(file, options, maker);
  const run = runOf(session);
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    async run(feeds, wanted = session.outputNames) {
      const results = Object.entries(await run(feeds, wanted)) as [string, ort.Tensor][];
      return Object.fromEntries(results.map(([name, result]) => [name, floatTensor(name, result)]));
    },
    async close() {
      if (tracedFolder(options) !== undefined) session.endProfiling();
      await session.release();
    },
  };
}

/** Opens a graph whose outputs may be of any type. Throws as `openSession` does. */
export async function openTypedSession(file: string, options: SessionOptions): Promise<TypedSession> {
  const session = await created(file, options, runtime());
  const run = runOf(session);
  return {
    inputs: session.inputNames,
    outputs: session.outputMetadata.map(declaredOf),
    async run(feeds, wanted) {
      const results = Object.entries(await run(feeds, wanted)) as [string, ort.Tensor][];
      return Object.fromEntries(
        results.map(([name, { type, dims, data }]) => [name, { type, dims, data: data as ArrayBufferView }]),
      );
    },
    close: () => session.release(),
  };
}

function declaredOf(value: ort.InferenceSession.ValueMetadata): DeclaredValue {
  if (!value.isTensor) return { name: value.name, type: "no tensor" };
  const dims = value.shape.map((dim) => (dim === "" || (typeof dim === "number" && dim < 0) ? "?" : dim));
  return { name: value.name, type: value.type, dims };
}

function runOf(session: ort.InferenceSession) {
  const types = new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : undefined]));
  return (feeds: Readonly<Record<string, Tensor>>, wanted: readonly string[]) => {
    const tensors = Object.entries(feeds).map(([name, tensor]) => [name, feedOf(name, tensor, types.get(name))]);
    return session.run(Object.fromEntries(tensors), [...wanted]);
  };
}

async function created(file: string, options: SessionOptions, maker: SessionMaker): Promise<ort.InferenceSession> {
  const known = providers(maker);
  if (!known.includes(options.provider)) throw unknown("provider", options.provider, known);
  if (!existsSync(file)) throw new HarnessError(`${file}: no such file`, { expected: "an ONNX graph" });
  try {
    prepareEnvironment(options.provider);
    return await maker.InferenceSession.create(options.model ?? file, runtimeOptions(file, options));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new HarnessError(`${basename(file)}: ONNX Runtime can not open it on provider ${options.provider}`, {
      found: message.split("\n")[0],
      hint: settingsOf(options.provider).hint,
      cause: error,
    });
  }
}

/** Returns the folder that a session's profile is written into. */
function tracedFolder({ profile, trace }: SessionOptions): string | undefined {
  return profile ?? trace;
}

/** Returns the options of a session as the runtime takes them: it takes one that is undefined for one of a wrong type. */
function runtimeOptions(file: string, options: SessionOptions): ort.InferenceSession.SessionOptions {
  const { provider, profile } = options;
  const optimised = profile === undefined ? undefined : optimisedFile(profile, file);
  const folder = tracedFolder(options);
  return withValues({
    executionProviders: askedProviders(provider),
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: sessionSettings.executionMode,
    graphOptimizationLevel: options.optimisation ?? sessionSettings.optimisation,
    enableCpuMemArena: options.memory !== "given back",
    enableMemPattern: options.memory !== "given back",
    extra: {
      session: withValues({
        intra_op: { allow_spinning: "0" },
        inter_op: { allow_spinning: "0" },
        x64quantprecision: sumsInt8In32Bits() ? "0" : "1",
        // The optimised graph has its tensors in a file of their own: a model file ends at 2 GiB.
        optimized_model_external_initializers_file_name: optimised && `${basename(optimised)}.weights`,
        optimized_model_external_initializers_min_size_in_bytes: optimised && "1024",
        // A model that is no file itself has its tensors beside the file that it was made of.
        model_external_initializers_file_folder_path: options.model && dirname(file),
      }),
      ep: configurationOf(provider, file),
    },
    // Fatal errors only. It throws the others too, and what it warns of (constants that it folded away) concerns nobody
    // who reads results.
    logSeverityLevel: 4,
    enableProfiling: folder !== undefined,
    profileFilePrefix: `${folder ?? "."}/${basename(file, ".onnx")}`,
    optimizedModelFilePath: optimised,
  });
}

/** Returns where a session that is profiled in a folder writes the graph as the runtime optimised it: its nodes are the profile's. */
export function optimisedFile(folder: string, file: string): string {
  return join(folder, `${basename(file, ".onnx")}.optimised.onnx`);
}

function feedOf(name: string, tensor: Tensor, type: ort.Tensor.Type | undefined): ort.Tensor {
  const { Tensor: OrtTensor } = runtime();
  const fed = fedData(name, tensor, type);
  // One constructor for all types: its overloads pair each with its array.
  return new OrtTensor(fed.type as "float32", fed.data as Float32Array, tensor.dims);
}
