import type { AttributeValue, Dim, ElementType, GraphValue } from "../../api.ts";

/** A call is one use of an operator, as its rule sees it while the graph is being built. */
export interface OperatorCall {
  readonly operator: string;
  /** `undefined` stands for an optional input that is left out. */
  readonly inputs: readonly (GraphValue | undefined)[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly outputCount: number;
  /** Returns the numbers of an input that is a small int64 constant (shapes, axes, indices); throws for any other. */
  ints(input: number): readonly number[];
  /** The shape that the caller vouches for, where it follows from values that are known only at run time. */
  readonly vouched?: readonly Dim[];
}

export interface ValueShape {
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}

/**
 * A rule gives the shapes of an operator's outputs. Without `macs` an operator counts none: element-wise work is not in the
 * papers' GMACs.
 */
export interface OperatorRule {
  /** Names the domain that defines the operator: ONNX's own, "", if left out. Attributes may decide it. */
  readonly domain?: string | ((attributes: OperatorCall["attributes"]) => string);
  infer(call: OperatorCall): readonly ValueShape[];
  /** Returns multiply-accumulates as products to be summed. */
  macs?(call: OperatorCall, outputs: readonly ValueShape[]): readonly (readonly Dim[])[];
}

export function domainOf({ domain = "" }: OperatorRule, attributes: OperatorCall["attributes"]): string {
  return typeof domain === "string" ? domain : domain(attributes);
}

export function input(call: OperatorCall, index: number): GraphValue {
  const value = call.inputs[index];
  if (value === undefined) throw new Error(`${call.operator} lacks input ${index}`);
  return value;
}

export function intAttribute(call: OperatorCall, name: string, fallback?: number): number {
  const value = call.attributes[name] ?? fallback;
  if (typeof value !== "number") throw new Error(`${call.operator} lacks the integer attribute ${name}`);
  return value;
}

export function intsAttribute(call: OperatorCall, name: string, fallback?: readonly number[]): readonly number[] {
  const value = call.attributes[name] ?? fallback;
  if (!Array.isArray(value)) throw new Error(`${call.operator} lacks the integer list ${name}`);
  return value as readonly number[];
}

/** Returns an axis counted from the front; throws where it lies outside. */
export function axisOf(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (positive < 0 || positive >= rank) throw new Error(`axis ${axis} is outside rank ${rank}`);
  return positive;
}

export function dimAt(value: ValueShape, axis: number): Dim {
  return value.dims[axisOf(axis, value.dims.length)]!;
}

/** Throws where two dimensions that must be equal are not. */
export function same(a: Dim, b: Dim, what: string): void {
  if (a !== b) throw new Error(`${what} differ: ${a} and ${b}`);
}

export const keepShape: OperatorRule = { infer: (call) => [{ type: input(call, 0).type, dims: input(call, 0).dims }] };
