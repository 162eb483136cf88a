import { power } from "./power.ts";

const defaults = {
  /** The share of cases that a 95 % interval may miss. */
  tail: 0.05,
};

/**
 * Returns the 95 % interval of the median that the samples stand for, whatever their distribution: two of the samples
 * themselves, sorted. Below six samples no pair is that sure, and the interval is from the least to the greatest.
 * Source: the sign test's interval, Conover, Practical Nonparametric Statistics, 1999, section 3.2.
 */
export function medianInterval(samples: readonly number[]): { readonly low: number; readonly high: number } {
  if (samples.length === 0) throw new Error("median of no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const below = Math.max(0, ranksBelow(sorted.length) - 1);
  return { low: sorted[below]!, high: sorted[sorted.length - 1 - below]! };
}

/** Returns the largest rank r for which fewer than r of n fair coins come up heads in at most 2.5 % of cases. */
function ranksBelow(n: number): number {
  let rank = 0;
  let term = power(0.5, n);
  let sum = term;
  while (sum <= defaults.tail / 2) {
    rank++;
    term *= (n - rank + 1) / rank;
    sum += term;
  }
  return rank;
}
