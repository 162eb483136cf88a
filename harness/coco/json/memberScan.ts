import { afterSpace, backslash, colon, quote } from "./bytes.ts";

/** Returns the bytes of a member's name, for `isKey`. */
export function keyBytes(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}

/** Tells whether `"key"` stands at this place. */
export function isKey(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  if (bytes[at + key.length + 1] !== quote) return false;
  for (let i = 0; i < key.length; i++) if (bytes[at + 1 + i] !== key[i]) return false;
  return bytes[at] === quote;
}

/** Returns where the value begins behind a key that ends before `at`; -1 without a colon. */
export function valueAfter(bytes: Uint8Array, at: number): number {
  const found = afterSpace(bytes, at);
  return bytes[found] === colon ? afterSpace(bytes, found + 1) : -1;
}

/** Returns where the value begins of a member whose name stands at `at`, whatever the name; -1 for a name with an escape. */
export function valueOfAny(bytes: Uint8Array, at: number, end: number): number {
  let after = at + 1;
  while (after < end && bytes[after] !== quote && bytes[after] !== backslash && bytes[after]! >= 32) after++;
  return bytes[after] === quote ? valueAfter(bytes, after + 1) : -1;
}

/** Tells whether the id needs no new number: the parser numbers larger ids anew. */
export function isPlainId(id: number): boolean {
  return Number.isInteger(id) && Math.abs(id) < 2 ** 52;
}
