import type { Tensor } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { toHalves } from "../halves.ts";

/** Types that inputs may have. */
export const fedTypes = ["float32", "float64", "float16", "int64", "int32", "int8", "uint8", "bool"] as const;

/** Values of an input in the type that its graph declares. */
export interface FedData {
  readonly type: (typeof fedTypes)[number];
  readonly data: Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;
}

/**
 * Returns a tensor's values in the type that the graph declares. An input that the graph does not declare is refused by the runtime
 * in its own words. Throws HarnessError for a type that nothing is fed in. Sessions in Node and in web pages feed alike by it.
 */
export function fedData(name: string, { data }: Tensor, type: string | undefined): FedData {
  switch (type) {
    case undefined:
    case "float32":
      return { type: "float32", data };
    case "float64":
      return { type, data: Float64Array.from(data) };
    case "float16":
      return { type, data: toHalves(data) };
    case "int64":
      return { type, data: BigInt64Array.from(data, BigInt) };
    case "int32":
      return { type, data: Int32Array.from(data) };
    case "int8":
      return { type, data: Int8Array.from(data) };
    case "uint8":
      return { type, data: Uint8Array.from(data) };
    case "bool":
      return { type, data: Uint8Array.from(data) };
    default:
      throw new HarnessError(`input ${name} is ${type}`, { expected: fedTypes.join(", ") });
  }
}

/** Returns an output as a tensor of float32; it shares the output's memory. Throws HarnessError for an output of another type. */
export function floatTensor(
  name: string,
  { type, dims, data }: { readonly type: string; readonly dims: readonly number[]; readonly data: unknown },
): Tensor {
  if (!(data instanceof Float32Array)) throw new HarnessError(`output ${name} is ${type}`, { expected: "float32" });
  return { dims, data };
}
