import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "../api.ts";
import { processMemory } from "../measure/memory.ts";
import { openTypedSession, type SessionOptions, type TypedSession, type TypedTensor } from "../onnx/session.ts";
import { outputsPart, samplesPart, writeTapped } from "../onnx/tapped.ts";
import type { GraphPart } from "../onnx/write.ts";
import { type Answers, answerRequests } from "../process/calls.ts";
import { isFloat, toFloats } from "./floats.ts";
import type { SurveyedValue } from "./tensors/graphTensors.ts";
import { ErrorSum, type TensorError } from "./tensors/tensorError.ts";

/** Bytes that one call of the system writes at most. */
const mostWritten = 2 ** 30;

/** Floats of the other side that are read at a time. */
const partLength = 2 ** 22;

/** Says what a process needs to run a graph once; it is plain data. */
export interface RunSetup {
  readonly file: string;
  readonly provider: string;
  readonly threads: number;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Folder for copies of the graph and for values. */
  readonly folder: string;
  /** It is `disabled` for inner values: each is then computed by its own operator, whatever else is asked for. */
  readonly optimisation: NonNullable<SessionOptions["optimisation"]>;
}

/** A request about values of the graph by their names: those among its outputs, and inner ones. */
export interface ValuesRequest {
  readonly setup: RunSetup;
  readonly names: readonly string[];
  /** Holds the names that are no outputs of the graph. */
  readonly inner: readonly string[];
}

interface Memory {
  readonly peakBytes: number;
  /** Memory with the graph open, before its last run. */
  readonly openBytes: number;
}

export interface SideCalls {
  /** Tells the type of each value, and of those of floating point the dimensions and samples. */
  survey: { readonly request: ValuesRequest; readonly reply: Memory & { readonly values: readonly SurveyedValue[] } };
  /** Keeps values of floating point as files `0`, `1` … of the folder, in the order of the names. */
  keep: { readonly request: ValuesRequest; readonly reply: Memory };
  /** Compares values with those that a process of side A kept in the same order. */
  compare: { readonly request: ValuesRequest; readonly reply: Memory & { readonly errors: readonly TensorError[] } };
}

/** Answers the parent's one request. */
export function serve(): void {
  const memory = processMemory();
  let openBytes = 0;
  const opened = () => {
    openBytes = memory.residentBytes();
  };
  const used = (): Memory => ({ peakBytes: memory.peakBytes(), openBytes });
  const answers: Answers<SideCalls> = {
    async survey(request) {
      return { values: await surveyed(request, opened), ...used() };
    },
    async keep({ setup, names, inner }) {
      const values = await valuesOf({ setup, names, inner }, opened);
      for (const [i, name] of names.entries()) writeValues(join(setup.folder, String(i)), toFloats(values[name]!));
      return used();
    },
    async compare({ setup, names, inner }) {
      const values = await valuesOf({ setup, names, inner }, opened);
      const errors = names.map((name, i) => errorAgainst(join(setup.folder, String(i)), toFloats(values[name]!)));
      return { errors, ...used() };
    },
  };
  answerRequests<SideCalls>(answers);
}

type Outputs = Readonly<Record<string, TypedTensor>>;

/** Opens a copy of the graph with a part added to it, and lets the copy go when the work is done. */
async function withSession<T>(
  setup: RunSetup,
  part: GraphPart,
  work: (session: TypedSession) => Promise<T>,
): Promise<T> {
  const { file, provider, threads, optimisation } = setup;
  const folder = mkdtempSync(join(setup.folder, "graph-"));
  try {
    const copy = writeTapped(file, folder, part);
    const session = await openTypedSession(copy, { provider, threads, optimisation, memory: "given back" });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function valuesOf({ setup, names, inner }: ValuesRequest, opened: () => void): Promise<Outputs> {
  return withSession(setup, outputsPart(inner), (session) => {
    opened();
    return session.run(setup.feeds, names);
  });
}

async function surveyed({ setup, names, inner }: ValuesRequest, opened: () => void): Promise<readonly SurveyedValue[]> {
  const declared = await withSession(setup, outputsPart(inner), async ({ outputs }) => outputs);
  const types = new Map(declared.map(({ name, type }) => [name, type]));
  const floats = names.filter((name) => isFloat(types.get(name)!));
  const { part, outputs } = samplesPart(floats);
  const wanted = outputs.flatMap(({ dims, samples }) => [dims, samples]);
  const found = await withSession(setup, part, (session) => {
    opened();
    return session.run(setup.feeds, wanted);
  });
  const places = new Map(floats.map((name, i) => [name, outputs[i]!]));
  return names.map((name) => {
    const type = types.get(name)!;
    const place = places.get(name);
    if (place === undefined) return { name, type };
    const dims = Array.from(found[place.dims]!.data as BigInt64Array, Number);
    return { name, type, dims, samples: toFloats(found[place.samples]!) };
  });
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function writeValues(file: string, values: Float32Array): void {
  const bytes = bytesOf(values);
  const handle = openSync(file, "w");
  try {
    // A write may take less than all of a large array.
    for (let done = 0; done < bytes.length; )
      done += writeSync(handle, bytes, done, Math.min(bytes.length - done, mostWritten));
  } finally {
    closeSync(handle);
  }
}

/** Compares the values that side A kept in a file with those of side B, part by part. */
function errorAgainst(file: string, values: Float32Array): TensorError {
  const handle = openSync(file, "r");
  try {
    const sum = new ErrorSum();
    // One for all parts: the collector lets many go before it looks.
    const buffer = new Float32Array(Math.min(partLength, values.length));
    for (let at = 0; at < values.length; at += partLength) {
      const own = values.subarray(at, at + partLength);
      const other = buffer.subarray(0, own.length);
      const read = readSync(handle, bytesOf(other), 0, other.byteLength, 4 * at);
      if (read < other.byteLength) throw new Error(`${file}: ${read} of ${other.byteLength} bytes are there`);
      sum.add(other, own);
    }
    return sum.result();
  } finally {
    closeSync(handle);
    // The next group needs the place.
    rmSync(file);
  }
}
