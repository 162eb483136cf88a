import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AttributeValue, OnnxGraph } from "../api.ts";

/**
 * Returns whether the processor sums int8 products in 32 bits (VNNI). Other processors add two of them in 16 bits first, which
 * overflows, unless the runtime takes a wider way; that way is about half as fast, and with VNNI the sums are exact without it.
 * Where the system does not say what the processor has, the answer is no. `root` is where /proc is looked for.
 */
export function sumsInt8In32Bits(root = "/"): boolean {
  try {
    const flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync(join(root, "proc/cpuinfo"), "utf8"))?.[1] ?? "";
    return /\bavx(512)?_vnni\b/.test(flags);
  } catch {
    return false;
  }
}

/** Returns whether the graph has products of integers, whose speed depends on the processor's sums. */
export function multipliesInt8({ nodes }: OnnxGraph): boolean {
  return nodes.some(isInt8Product);
}

/** Returns whether a node multiplies 8-bit integers. One of weights in blocks does so on the level that rounds activations, too. */
export function isInt8Product({ operator, attributes = {} }: Product): boolean {
  if (operator === "MatMulNBits") return attributes.accuracy_level === 4;
  return /^(DynamicQuantizeMatMul|MatMulInteger(ToFloat)?|QLinear(Conv|MatMul))$/.test(operator);
}

interface Product {
  readonly operator: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>> | undefined;
}
