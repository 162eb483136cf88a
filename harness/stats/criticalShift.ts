/**
 * The table holds what the shift of `largestSplit` exceeds in 2 % of series without a change, by their length. Each value is the
 * quantile of 2,000 to 12,000 drawn series, in which each value is like the one before it by a correlation of 0.2, and 5 % of the
 * values lie 5 deviations off; noise without either exceeds it less often. From 16 values on it is the largest of the lengths around.
 * changes.slow.test.ts draws such series again.
 */
const table: readonly (readonly [length: number, critical: number])[] = [
  [6, 4.08],
  [7, 4.07],
  [8, 3.88],
  [9, 3.85],
  [10, 3.69],
  [11, 4.67],
  [12, 4.61],
  [13, 4.44],
  [14, 4.43],
  [15, 4.42],
  [16, 4.98],
  [32, 5.48],
  [40, 5.48],
  [60, 5.71],
  [80, 5.97],
  [160, 6.85],
];

/** Returns the critical value of a series by its number of values. Between two lengths of the table it follows their logarithms. */
export function criticalShift(length: number): number {
  const above = table.findIndex(([each]) => each >= length);
  if (above < 0) return table.at(-1)![1];
  const [upper, high] = table[above]!;
  const [lower, low] = table[above - 1] ?? [upper, high];
  if (lower === upper) return high;
  return low + ((high - low) * Math.log(length / lower)) / Math.log(upper / lower);
}
