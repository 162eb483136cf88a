/**
 * Counts the pixels inside both masks, whose runs are those of `a` from `fromA` up to `toA` and those of `b` likewise. It walks
 * both side by side and moves on from the run that ends first.
 */
export function sharedRuns(
  a: Uint32Array,
  fromA: number,
  toA: number,
  b: Uint32Array,
  fromB: number,
  toB: number,
): number {
  let i = fromA + 1;
  let j = fromB + 1;
  let shared = 0;
  if (i >= toA || j >= toB) return 0;
  let startA = a[fromA]!;
  let startB = b[fromB]!;
  let endA = startA + a[i]!;
  let endB = startB + b[j]!;
  for (;;) {
    if (endA <= endB) {
      const from = Math.max(startA, startB);
      if (endA > from) shared += endA - from;
      i += 2;
      if (i >= toA) return shared;
      startA = endA + a[i - 1]!;
      endA = startA + a[i]!;
    } else {
      const from = Math.max(startA, startB);
      if (endB > from) shared += endB - from;
      j += 2;
      if (j >= toB) return shared;
      startB = endB + b[j - 1]!;
      endB = startB + b[j]!;
    }
  }
}
