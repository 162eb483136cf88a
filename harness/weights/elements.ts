/**
 * This file holds the element types of stored tensors, and converts them to float32 (for graphs) and float64 (for inspection).
 */

/** PyTorch's names. */
export type TensorDtype =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint64"
  | "uint32"
  | "uint16"
  | "uint8"
  | "bool";

/** Bytes an element. */
export const elementBytes: Readonly<Record<TensorDtype, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

type Values = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/**
 * Decodes little-endian elements; `bytes` must begin its buffer. float32 comes back as a view of the same buffer.
 * Typed arrays have the byte order of the host, which is taken to be little-endian (x86, ARM).
 */
export function toFloat32(bytes: Uint8Array<ArrayBuffer>, dtype: TensorDtype): Float32Array<ArrayBuffer> {
  if (dtype === "float32") return new Float32Array(bytes.buffer, 0, bytes.length / 4);
  return fill(new Float32Array(bytes.length / elementBytes[dtype]), bytes.buffer, dtype);
}

/** Decodes as toFloat32 does; exact but for 64-bit integers beyond 2^53, which become the nearest double. */
export function toFloat64(bytes: Uint8Array<ArrayBuffer>, dtype: TensorDtype): Float64Array<ArrayBuffer> {
  if (dtype === "float64") return new Float64Array(bytes.buffer, 0, bytes.length / 8);
  return fill(new Float64Array(bytes.length / elementBytes[dtype]), bytes.buffer, dtype);
}

/** Turns big-endian into little-endian and back, in place. */
export function swapBytes(bytes: Uint8Array<ArrayBuffer>, dtype: TensorDtype): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = elementBytes[dtype];
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
}

function fill<T extends Values>(values: T, buffer: ArrayBuffer, dtype: TensorDtype): T {
  switch (dtype) {
    case "float16":
    case "bfloat16":
      return expand(values, new Uint16Array(buffer, 0, values.length), dtype);
    case "int64":
    case "uint64": {
      const integers = dtype === "int64" ? new BigInt64Array(buffer) : new BigUint64Array(buffer);
      for (let i = 0; i < values.length; i++) values[i] = Number(integers[i]!);
      return values;
    }
    case "bool": {
      const flags = new Uint8Array(buffer);
      for (let i = 0; i < values.length; i++) values[i] = flags[i] === 0 ? 0 : 1;
      return values;
    }
    default:
      values.set(new arrays[dtype](buffer, 0, values.length));
      return values;
  }
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
} as const;

function expand<T extends Values>(values: T, halves: Uint16Array, dtype: "float16" | "bfloat16"): T {
  if (dtype === "float16") {
    const table = halfTable();
    for (let i = 0; i < values.length; i++) values[i] = table[halves[i]!]!;
    return values;
  }
  // bfloat16 is the upper half of a float32.
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  for (let i = 0; i < values.length; i++) {
    bits[0] = halves[i]! << 16;
    values[i] = single[0]!;
  }
  return values;
}

let halves: Float32Array | undefined;

/** Returns the value of each of the 65536 IEEE 754 half-precision numbers; the table is made at the first use (256 KiB). */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return halves;
}
