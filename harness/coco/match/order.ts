/**
 * Returns the indices 0 … n - 1 in a stable order: sorted by the first key, among equals by the next, among all equals as they
 * came. It is a radix sort from the last key to the first (Knuth, The Art of Computer Programming 3, 5.2.5): linear, and stable
 * as the mergesort by which pycocotools and lvis-api settle equal scores.
 */
export function stableOrder(n: number, keys: readonly SortKey[]): Uint32Array {
  let order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  let spare = new Uint32Array(n);
  for (const words of keys.toReversed().flatMap(({ words }) => words)) {
    for (let shift = 0; shift < 32; shift += 16) {
      if (!distribute(words, shift, order, spare)) continue;
      [order, spare] = [spare, order];
    }
  }
  return order;
}

/** A key to sort by, in words of 32 bits, the least significant word first. */
export interface SortKey {
  readonly words: readonly Uint32Array[];
}

/** Makes a key that sorts whole numbers from 0 on, ascending. */
export function ascending(values: Uint32Array): SortKey {
  return { words: [values] };
}

/** Makes a key that sorts any finite numbers, the largest first. */
export function descending(values: Float64Array): SortKey {
  const low = new Uint32Array(values.length);
  const high = new Uint32Array(values.length);
  const number = new Float64Array(1);
  const bits = new Uint32Array(number.buffer);
  for (let i = 0; i < values.length; i++) {
    // -0 becomes 0, its equal.
    number[0] = values[i]! + 0;
    // The bits of positive doubles rise with their value, those of negative ones fall. All machines that Node runs on are little-endian.
    const negative = bits[1]! >>> 31 === 1;
    low[i] = negative ? bits[0]! : ~bits[0]!;
    high[i] = negative ? bits[1]! : ~bits[1]! & 0x7fffffff;
  }
  return { words: [low, high] };
}

/** Sorts by 16 bits in one pass; returns false where all are equal and the order stays. */
function distribute(words: Uint32Array, shift: number, from: Uint32Array, to: Uint32Array): boolean {
  const starts = new Uint32Array(1 << 16);
  for (let i = 0; i < words.length; i++) starts[(words[i]! >>> shift) & 0xffff]!++;
  if (words.length === 0 || starts[(words[0]! >>> shift) & 0xffff] === words.length) return false;
  let next = 0;
  for (let digit = 0; digit < starts.length; digit++) {
    const count = starts[digit]!;
    starts[digit] = next;
    next += count;
  }
  for (let i = 0; i < from.length; i++) {
    const index = from[i]!;
    to[starts[(words[index]! >>> shift) & 0xffff]!++] = index;
  }
  return true;
}
