import { closeSync, readSync } from "node:fs";
import { openRegularFile } from "../../files.ts";
import { limits } from "../../limits.ts";
import type { StoredValues } from "../../onnx/files/contents.ts";
import { transposeMatrix } from "../../onnx/rewrite/transpose.ts";
import { elementBytes, toFloat32 } from "../../weights/elements.ts";
import { type FloatType, isFloat } from "../floats.ts";
import { storedAt, type TensorGraph } from "./graphTensors.ts";
import { errorOf, type TensorError } from "./tensorError.ts";

/** A weight or constant that a node of A reads, and the one that B's node reads in its place. */
export interface StoredPair {
  readonly a: string;
  readonly b: string;
  /** Absent where one is not of floating point, or the two have not as many values, or one is stored in a way that is not read. */
  readonly error?: TensorError | undefined;
  /** True where B's matrix is A's with rows and columns exchanged. */
  readonly transposed?: true | undefined;
}

/** Inputs of a tensor's node, and what is read before it by nodes whose tensors have no partner. */
interface Read {
  readonly graph: TensorGraph;
  readonly own: readonly string[];
  readonly before: readonly string[];
}

/**
 * Pairs what two tensors follow from in their files: by name, else by the number of values in their order. Their values are
 * compared, a matrix that is stored the other way round as well. Of what is read before the tensors' own nodes, and by one of them
 * alone, those are returned that differ.
 */
export function storedPairs(a: Read, b: Read): readonly StoredPair[] {
  const values = storedOf(a.graph, [...a.own, ...a.before]);
  const others = storedOf(b.graph, [...b.own, ...b.before]);
  const free = others.filter(({ name }) => !values.some((value) => value.name === name));
  return values.flatMap((value) => {
    const partner = others.find(({ name }) => name === value.name) ?? takeAlike(free, value);
    if (partner === undefined) return [];
    const pair = { a: value.name, b: partner.name, ...compared(value, partner) };
    const isOwn = storedOf(a.graph, a.own).includes(value) && storedOf(b.graph, b.own).includes(partner);
    return isOwn || (pair.error?.max ?? 0) > 0 ? [pair] : [];
  });
}

/** Takes the first of the values that has as many elements. */
function takeAlike(free: StoredValues[], { dims }: StoredValues): StoredValues | undefined {
  const elements = (each: readonly number[]) => each.reduce((product, dim) => product * dim, 1);
  const at = free.findIndex((other) => elements(other.dims) === elements(dims));
  return at < 0 ? undefined : free.splice(at, 1)[0];
}

function storedOf(graph: TensorGraph, inputs: readonly string[]): StoredValues[] {
  return [...new Set(inputs.flatMap((name) => storedAt(graph, name) ?? []))];
}

function compared(a: StoredValues, b: StoredValues): Pick<StoredPair, "error" | "transposed"> {
  // Integers are steps of a scale that stands elsewhere.
  if (!isFloat(a.type) || !isFloat(b.type)) return {};
  const own = valuesOf(a, a.type);
  const other = valuesOf(b, b.type);
  if (own === undefined || other === undefined || own.length !== other.length) return {};
  const error = errorOf(own, other);
  if (error.max === 0 || a.dims.length !== 2 || b.dims.length !== 2) return { error };
  const turned = errorOf(own, transposeMatrix(other, b.dims[0]!, b.dims[1]!));
  return turned.rms < error.rms ? { error: turned, transposed: true } : { error };
}

/** Reads a stored tensor's values; nothing where they are written in another way than one behind the other. */
function valuesOf({ place }: StoredValues, type: FloatType): Float32Array | undefined {
  if (place === undefined || place.bytes > limits.tensorBytes) return undefined;
  const handle = openRegularFile(place.file);
  try {
    const bytes = new Uint8Array(place.bytes - (place.bytes % elementBytes[type]));
    const read = readSync(handle, bytes, 0, bytes.length, place.offset);
    return read < bytes.length ? undefined : toFloat32(bytes, type);
  } finally {
    closeSync(handle);
  }
}
