import type { OnnxGraph } from "../../api.ts";
import { HarnessError } from "../../errors.ts";

/**
 * The library's names for number formats, with what each puts behind a file's name. Source: its table of dtypes and suffixes. It has
 * more: `int8` and `uint8` are other forms of `q8`, and no variant here has 1 or 2 bits, or 4 beside float16 (`q4f16`).
 */
export const suffixes = { fp32: "", fp16: "_fp16", q8: "_quantized", q4: "_q4" } as const;
export type Dtype = keyof typeof suffixes;

/**
 * Returns the library's name for the numbers that a graph holds, told by its tensors and not by the variant's name: weights of 4 bits
 * in any product make it q4, of 8 bits q8, of float16 fp16. Throws HarnessError for bfloat16, which the library has no name for.
 */
export function dtypeOf(id: string, { constants, nodes }: OnnxGraph): Dtype {
  const types = new Set(constants.map(({ storedAs, type }) => storedAs ?? type));
  if (types.has("bfloat16"))
    throw new HarnessError(`${id}: can not be written for transformers.js: it has no name for weights of bfloat16`, {
      expected: Object.keys(suffixes).join(", "),
      hint: "half/… stores them as float16",
    });
  if (types.has("int4") || nodes.some(({ attributes }) => attributes.bits === 4)) return "q4";
  if (types.has("int8") || types.has("uint8")) return "q8";
  return types.has("float16") ? "fp16" : "fp32";
}
