import { closeSync, readSync } from "node:fs";
import { openRegularFile } from "../../files.ts";
import { limits } from "../../limits.ts";
import type { StoredValues } from "../../onnx/contents.ts";
import { transposeMatrix } from "../../onnx/rewrite/transpose.ts";
import { elementBytes, toFloat32 } from "../../weights/elements.ts";
import { type FloatType, isFloat } from "../floats.ts";
import type { TensorGraph } from "./graphTensors.ts";
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

/**
 * Pairs what the nodes of two tensors read from their files: by name, else in their order. Their values are compared, a matrix
 * that is stored the other way round as well.
 */
export function storedPairs(
  a: { readonly graph: TensorGraph; readonly inputs: readonly string[] },
  b: { readonly graph: TensorGraph; readonly inputs: readonly string[] },
): readonly StoredPair[] {
  const own = storedOf(a.graph, a.inputs);
  const others = storedOf(b.graph, b.inputs);
  const named = (value: StoredValues) => others.find(({ name }) => name === value.name);
  const free = others.filter(({ name }) => !own.some((value) => value.name === name));
  return own.flatMap((value) => {
    const partner = named(value) ?? free.shift();
    return partner === undefined ? [] : [{ a: value.name, b: partner.name, ...compared(value, partner) }];
  });
}

function storedOf({ contents }: TensorGraph, inputs: readonly string[]): StoredValues[] {
  return inputs.flatMap((name) => contents.stored.get(name) ?? []);
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
