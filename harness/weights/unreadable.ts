/**
 * An unreadable tensor has no reading as float32 here. It keeps its name, and a variant that takes none of these tensors is not
 * stopped by them.
 */

import { HarnessError } from "../errors.ts";
import { printable } from "./damage.ts";
import type { StridedTensor } from "./strided.ts";

export interface UnreadableTensor {
  readonly name: string;
  /** Names the element type or the layout in the file's word: complex64, float8_e4m3fn, sparse. */
  readonly dtype: string;
  /** Empty where the layout gives none. */
  readonly dims: readonly number[];
  readonly unreadable: true;
}

export function unreadableTensor(name: string, dtype: string, dims: readonly number[] = []): UnreadableTensor {
  return { name, dtype: printable(dtype), dims, unreadable: true };
}

export function isReadable(tensor: StridedTensor | UnreadableTensor): tensor is StridedTensor {
  return !("unreadable" in tensor);
}

/** Returns the error for a caller that asks for its values. */
export function notRead(label: string, { name, dtype }: UnreadableTensor): HarnessError {
  return new HarnessError(`${label}: weight ${printable(name)} has an element type that is not read`, {
    found: dtype,
    hint: "convert the weights to dense float32 before saving them",
  });
}
