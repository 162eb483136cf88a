import type { StoredTensor, TensorArchive } from "./archive.ts";
import { isBuffer } from "./buffers.ts";

/** A tensor as a reader of a checkpoint file wants to see it: its first values, mean and standard deviation. */
export interface TensorContents {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Set where values of this type can not be read; then the other fields are absent. */
  readonly unreadable?: StoredTensor["unreadable"];
  readonly first?: readonly (number | boolean)[];
  readonly mean?: number;
  readonly std?: number;
}

/** Counts the values that are learnt; buffers are not among them. */
export function parameterCount(tensors: Iterable<StoredTensor>): number {
  return [...tensors]
    .filter(({ name }) => !isBuffer(name))
    .reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0);
}

/** Reads every tensor of the file, in the file's order. */
export function contentsOf(archive: Pick<TensorArchive, "tensors" | "values">): readonly TensorContents[] {
  return [...archive.tensors.values()].map(({ name, dtype, dims, unreadable }) => {
    if (unreadable) return { name, dtype, shape: dims, unreadable };
    const values = archive.values(name);
    const first = [...values.subarray(0, 4)].map((value) => (dtype === "bool" ? value === 1 : value));
    return { name, dtype, shape: dims, first, ...moments(values) };
  });
}

/**
 * Returns mean and population standard deviation; both are absent for a tensor without elements, which JSON shows as missing
 * keys.
 */
function moments(values: Float64Array): { mean?: number; std?: number } {
  if (values.length === 0) return {};
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}
