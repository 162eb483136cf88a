import type { TypedTensor } from "../onnx/session.ts";
import { toFloat32 } from "../weights/elements.ts";

/** Types whose values are compared, as float32. */
const floatTypes = ["float32", "float16", "bfloat16", "float64"] as const;

export type FloatType = (typeof floatTypes)[number];

export function isFloat(type: string): type is FloatType {
  return floatTypes.some((each) => each === type);
}

/** Returns a tensor's values as float32; those of float32 are not copied. Throws for other types than `isFloat` names. */
export function toFloats({ type, data }: TypedTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (!isFloat(type)) throw new Error(`values of ${type} are no floats`);
  // The bytes have to begin their buffer.
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return toFloat32(bytes, type);
}
