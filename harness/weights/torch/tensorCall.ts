/** The calls by which torch.save writes a tensor, out of what wraps them. Source: torch/_utils.py. */

import type { Budget } from "../pickle/budget.ts";
import { isKind, isRecord, type PickleRecord, type PickleValue } from "../pickle/pickleValue.ts";
import { simpleName } from "./storageTypes.ts";

/** PyTorch wraps a tensor in a subclass and a parameter; more wrappings than this are made to keep a reader busy. */
const mostWrappings = 16;

const rebuilders = new Set(
  ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"].map((name) => `torch._utils.${name}`),
);
const parameterRebuilders = new Set(["torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"]);
const subclassRebuilder = "torch._tensor._rebuild_from_type_v2";

/** Calls that make tensors which are not read, with the word for them and the place of their shape among the arguments. */
const unreadableRebuilders: Readonly<
  Record<string, { readonly layout: string; size(args: Args): PickleValue | undefined }>
> = {
  _rebuild_qtensor: { layout: "quantised", size: (args) => args[2] },
  _rebuild_sparse_tensor: { layout: "sparse", size: (args) => sizeAmong(args[1]) },
  _rebuild_sparse_csr_tensor: { layout: "sparse", size: (args) => sizeAmong(args[1]) },
  _rebuild_nested_tensor: { layout: "nested", size: () => undefined },
  _rebuild_meta_tensor_no_storage: { layout: "meta", size: (args) => args[1] },
  _rebuild_device_tensor_from_numpy: { layout: "of another device", size: () => undefined },
};

type Args = readonly PickleValue[];

export function isTensor(value: PickleValue | undefined): value is PickleRecord {
  if (!isRecord(value)) return false;
  const { className } = value;
  return (
    rebuilders.has(className) ||
    parameterRebuilders.has(className) ||
    className === subclassRebuilder ||
    unreadableRebuilder(className) !== undefined ||
    isTypedTensor(value)
  );
}

export interface TensorCall {
  readonly className: string;
  readonly args: Args;
  readonly parameter: boolean;
}

/** Returns the call that makes the tensor itself, out of the wrappings of parameters and subclasses. */
export function unwrap(value: PickleRecord, budget: Budget): TensorCall {
  let inner: PickleValue | undefined = value;
  let parameter = false;
  for (let wrappings = 0; isRecord(inner) && wrappings < mostWrappings; wrappings++) {
    budget.charge(1);
    const { className, args }: PickleRecord = inner;
    if (isTypedTensor(inner)) return { className, args: inner.state.items, parameter };
    if (rebuilders.has(className) || unreadableRebuilder(className)) return { className, args, parameter };
    parameter ||= parameterRebuilders.has(className);
    inner = className === subclassRebuilder ? innerCall(inner) : args[0];
  }
  return { className: value.className, args: [], parameter };
}

export function unreadableRebuilder(className: string): (typeof unreadableRebuilders)[string] | undefined {
  const name = simpleName(className);
  return className === `torch._utils.${name}` && Object.hasOwn(unreadableRebuilders, name)
    ? unreadableRebuilders[name]
    : undefined;
}

/**
 * Returns the size of a sparse tensor, (layout, (indices, values, size, …)): it is the torch.Size or the tuple of numbers among
 * them.
 */
function sizeAmong(parts: PickleValue | undefined): PickleValue | undefined {
  return isKind(parts, "tuple") ? parts.items.find((part) => numbersOf(part) !== undefined) : undefined;
}

/** Returns the inner call: _rebuild_from_type_v2(function, type, arguments, state) stands for function(*arguments). */
function innerCall({ args: [callee, , args] }: PickleRecord): PickleRecord | undefined {
  if (!isKind(callee, "global") || !isKind(args, "tuple")) return undefined;
  return { kind: "record", className: callee.name, args: args.items };
}

/**
 * Returns whether a record is a tensor from before _rebuild_tensor: its class with (storage, offset, size, stride) as its state.
 */
function isTypedTensor(value: PickleRecord): value is PickleRecord & { state: { items: readonly PickleValue[] } } {
  const { className, state } = value;
  return /^torch\.(cuda\.)?[A-Z]\w*Tensor$/.test(className) && isKind(state, "tuple") && state.items.length === 4;
}

/**
 * Returns what PyTorch says of a tensor behind its other arguments. `neg`, whose values have the other sign, is read; whatever
 * else is set (`conj` of a real tensor can not be) would be guessed. Source: get_tensor_metadata in torch/_utils.py.
 */
export function metadataOf(className: string, args: Args): { readonly negated: boolean; readonly unknown?: string } {
  const metadata = args[className.endsWith("_v3") ? 7 : 6];
  if (!isKind(metadata, "dict")) return { negated: false };
  const set = [...metadata.entries].filter(([, value]) => value !== false && value !== null).map(([key]) => key);
  const unknown = set.find((key) => key !== "neg");
  const negated = set.includes("neg");
  return unknown === undefined ? { negated } : { negated, unknown: String(unknown) };
}

/** Reads a tuple of integers, or the torch.Size of one. */
export function numbersOf(value: PickleValue | undefined): number[] | undefined {
  const tuple = isRecord(value, "torch.Size") ? value.args[0] : value;
  if (!isKind(tuple, "tuple") && !isKind(tuple, "list")) return undefined;
  const items: readonly PickleValue[] = tuple.items;
  const numbers = items.filter((item) => typeof item === "number");
  return numbers.length === items.length ? numbers : undefined;
}
