import type { AttributeValue, GraphValue } from "../api.ts";
import { productRules } from "./operators/products.ts";

/** Operators that the runtime makes of others, and the operator that multiplies as they do. */
const multipliesAs: Readonly<Record<string, string>> = {
  DynamicQuantizeMatMul: "MatMul",
  FusedConv: "Conv",
  FusedGemm: "Gemm",
  NhwcFusedConv: "Conv",
  QLinearMatMul: "MatMul",
};

/** A node as the runtime ran it: its operator, and the shapes of what it took and gave. Inputs that it does without are left out. */
export interface ExecutedNode {
  readonly operator: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

/**
 * Returns the multiply-accumulates of a node by the rules that graphs are built with; 0 for an operator that is no product. Throws
 * for a product of shapes that its rule does not know.
 */
export function executedMacs({ operator, attributes, inputs, outputs }: ExecutedNode): number {
  const rule = productRules[multipliesAs[operator] ?? operator];
  if (rule?.macs === undefined) return 0;
  const value = (dims: readonly number[], i: number): GraphValue => ({ name: `input ${i}`, type: "float32", dims });
  const call = {
    operator,
    inputs: inputs.map(value),
    attributes,
    outputCount: outputs.length,
    ints: () => [],
  };
  const products = rule.macs(
    call,
    outputs.map((dims) => ({ type: "float32", dims })),
  );
  return products.reduce((sum, factors) => sum + factors.reduce<number>((all, dim) => all * Number(dim), 1), 0);
}
