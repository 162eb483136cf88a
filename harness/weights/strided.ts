/**
 * A strided tensor is a view, as PyTorch stores it: by offset and strides, of a region of bytes that other tensors may share.
 */

import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";
import { damaged, printable } from "./damage.ts";
import { elementBytes, swapBytes, type TensorDtype, toFloat32, toFloat64 } from "./elements.ts";
import { type ByteSource, readBytes } from "./source.ts";

/** A region is a stretch of a source; `start` and `length` are in bytes. */
export interface Region {
  readonly source: ByteSource;
  readonly start: number;
  readonly length: number;
  readonly order: "little" | "big";
  /** Set where the bytes are packed in the file: a read of any part unpacks the whole. */
  readonly inflated?: true;
}

export interface StridedTensor {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly dims: readonly number[];
  /** Strides in elements, one a dimension. */
  readonly strides: readonly number[];
  /** Element of the region at which the view begins. */
  readonly offset: number;
  readonly region: Region;
  /** PyTorch's negative bit, set where the stored values have the other sign. */
  readonly negated?: true;
  readonly parameter?: true;
}

/** PyTorch's own limit. */
const mostDims = 64;

/** Returns the number of elements; it is infinite rather than wrong for shapes that no file can have. */
export function elementCount(dims: readonly number[]): number {
  return dims.includes(0) ? 0 : dims.reduce((product, dim) => product * dim, 1);
}

/** Returns the row-major strides of a contiguous tensor. */
export function contiguousStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let step = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= dims[axis]!;
  }
  return strides;
}

/**
 * Throws HarnessError unless every number is sound and the view lies in its region, so that reading it later can fail
 * only if the file changes. A view may repeat elements (stride 0), but have no more than the file has bytes.
 */
export function checkTensor(tensor: StridedTensor, label: string): void {
  const { name, dims, strides, offset, region } = tensor;
  const subject = `${label}: weight ${printable(name)}`;
  if (dims.length > mostDims || dims.length !== strides.length || ![...dims, ...strides, offset].every(isCount)) {
    throw damaged(`${subject} has an impossible shape`, {
      found: `shape ${clip(dims)}, strides ${clip(strides)}, offset ${offset}`,
    });
  }
  const count = elementCount(dims);
  if (count * elementBytes[tensor.dtype] > limits.tensorBytes) {
    throw new HarnessError(`${subject} is too large`, {
      found: `${count * elementBytes[tensor.dtype]} bytes`,
      expected: `at most ${limits.tensorBytes}`,
      hint: "is this the checkpoint of a SAM variant?",
    });
  }
  const needed = count === 0 ? 0 : (offset + span(tensor)) * elementBytes[tensor.dtype];
  if (needed > region.length || count > Math.max(region.length, region.source.size)) {
    throw damaged(`${subject} is larger than its storage`, {
      found: `${region.length} bytes`,
      expected: `${needed} bytes for shape ${clip(dims)}`,
    });
  }
}

/**
 * Returns the tensor row-major, in a fresh array. A contiguous little-endian float32 tensor is read straight into it, no byte
 * more.
 */
export function readFloat32(tensor: StridedTensor): Float32Array<ArrayBuffer> {
  if (elementCount(tensor.dims) === 0) return new Float32Array(0);
  const spanned = toFloat32(spannedBytes(tensor), tensor.dtype);
  const values = isContiguous(tensor) ? spanned : gather(spanned, new Float32Array(elementCount(tensor.dims)), tensor);
  return tensor.negated ? negate(values) : values;
}

/** Reads as readFloat32 does, without loss as far as a double holds. */
export function readFloat64(tensor: StridedTensor): Float64Array<ArrayBuffer> {
  if (elementCount(tensor.dims) === 0) return new Float64Array(0);
  const spanned = toFloat64(spannedBytes(tensor), tensor.dtype);
  const values = isContiguous(tensor) ? spanned : gather(spanned, new Float64Array(elementCount(tensor.dims)), tensor);
  return tensor.negated ? negate(values) : values;
}

/** Changes the sign of each value in place. */
function negate<T extends Float32Array | Float64Array>(values: T): T {
  for (let i = 0; i < values.length; i++) values[i] = -values[i]!;
  return values;
}

function spannedBytes(tensor: StridedTensor): Uint8Array<ArrayBuffer> {
  const width = elementBytes[tensor.dtype];
  const { source, start, order } = tensor.region;
  const bytes = readBytes(source, start + tensor.offset * width, span(tensor) * width);
  if (order === "big") swapBytes(bytes, tensor.dtype);
  return bytes;
}

/** Returns the number of elements from the first to the last that the view touches. */
function span({ dims, strides }: StridedTensor): number {
  return dims.reduce((last, dim, axis) => last + (dim - 1) * strides[axis]!, 0) + 1;
}

function isContiguous({ dims, strides }: StridedTensor): boolean {
  const expected = contiguousStrides(dims);
  return dims.every((dim, axis) => dim === 1 || strides[axis] === expected[axis]);
}

/** Walks the view in row-major order; `from` begins at the view's first element. */
function gather<T extends Float32Array | Float64Array>(from: T, to: T, { dims, strides }: StridedTensor): T {
  const last = dims.length - 1;
  const inner = dims[last]!;
  const step = strides[last]!;
  const index = new Array<number>(dims.length).fill(0);
  let start = 0;
  for (let at = 0; at < to.length; at += inner) {
    for (let i = 0; i < inner; i++) to[at + i] = from[start + i * step]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      start += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < dims[axis]!) break;
      start -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return to;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function clip(numbers: readonly number[]): string {
  return `[${numbers.slice(0, 8).join(", ")}${numbers.length > 8 ? ", …" : ""}]`;
}
