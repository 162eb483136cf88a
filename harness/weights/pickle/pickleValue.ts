/** What a pickle turns into: plain data. Objects of classes become records that remember their name and do nothing. */

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

/** What PyTorch would have made by calling `className(*args)` and then setting `state`. */
export interface PickleRecord {
  readonly kind: "record";
  readonly className: string;
  readonly args: readonly PickleValue[];
  state?: PickleValue;
}

/** A persistent id of torch.save: a typed region of bytes beside the pickle. */
export interface PickleStorage {
  readonly kind: "storage";
  /** Such as torch.FloatStorage. */
  readonly className: string;
  readonly key: string;
  /** Elements; bytes for an untyped storage. */
  readonly count: number;
  /** Before PyTorch 0.4 a storage could be a stretch of another; in elements. */
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

/** What messages call a value. */
export function describeKind(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (typeof value !== "object") return typeof value === "string" ? "a string" : `a ${typeof value}`;
  if (value.kind === "record") return `a ${printable(value.className)}`;
  return value.kind === "bytes" ? "bytes" : `a ${value.kind}`;
}
