/** A pickle turns into plain data. Objects of classes become records that hold their name and do nothing. */

import { printable } from "../damage.ts";

export type PickleValue = null | boolean | number | bigint | string | PickleObject;

export type PickleObject =
  | { readonly kind: "list"; readonly items: PickleValue[] }
  | { readonly kind: "tuple"; readonly items: readonly PickleValue[] }
  | { readonly kind: "set"; readonly items: PickleValue[] }
  | PickleDict
  /** Its content is skipped: no state dict keeps names or tensors in bytes. */
  | { readonly kind: "bytes"; readonly length: number }
  /** A class or function that was named but not called. */
  | { readonly kind: "global"; readonly name: string }
  | PickleRecord
  | PickleStorage;

/** A Map and not an object, so that no key (`__proto__`) means anything. */
export interface PickleDict {
  readonly kind: "dict";
  readonly entries: Map<PickleValue, PickleValue>;
}

/** A record stands for what PyTorch makes by calling `className(*args)` and then setting `state`. */
export interface PickleRecord {
  readonly kind: "record";
  readonly className: string;
  readonly args: readonly PickleValue[];
  state?: PickleValue;
}

/** A persistent id of torch.save: a typed region of bytes beside the pickle. */
export interface PickleStorage {
  readonly kind: "storage";
  /** Name of the class, such as torch.FloatStorage. */
  readonly className: string;
  readonly key: string;
  /** Elements; bytes for an untyped storage. */
  readonly count: number;
  /** Gives the stretch, in elements, of a storage that is part of another, as PyTorch before 0.4 could write it. */
  readonly view?: { readonly offset: number; readonly count: number };
}

export function isRecord(value: PickleValue | undefined, className?: string): value is PickleRecord {
  return isKind(value, "record") && (className === undefined || value.className === className);
}

export function isKind<K extends PickleObject["kind"]>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleObject, { kind: K }> {
  return typeof value === "object" && value !== null && value.kind === kind;
}

/** Returns a word for a value, for messages. */
export function describeKind(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (typeof value !== "object") return typeof value === "string" ? "a string" : `a ${typeof value}`;
  if (value.kind === "record") return `a ${printable(value.className)}`;
  return value.kind === "bytes" ? "bytes" : `a ${value.kind}`;
}
