import type { Interval } from "./intervals.ts";
import { integer, random } from "./random.ts";
import { median, quantile } from "./summary.ts";

const defaults = {
  draws: 1000,
  /** Fewer rounds say too little about the spread between them. */
  leastRounds: 5,
};

/** Samples of one round, by part: those of encode, and those of decode. */
export type Round = readonly (readonly number[])[];

/**
 * Returns the sum of the parts' medians over all rounds with its 95 % interval, a percentile bootstrap that draws rounds with all
 * their parts: what disturbed a round disturbed both. Under 5 rounds there are no bounds. Nothing where a part has no sample.
 */
export function sumOfMedians(rounds: readonly Round[], seed: number): Interval | undefined {
  const value = sumOf(rounds);
  if (value === undefined || rounds.length < defaults.leastRounds) return value === undefined ? undefined : { value };
  const drawn = Array.from({ length: defaults.draws }, (_, draw) => {
    const stream = random(seed, "sum of medians", draw);
    return sumOf(rounds.map(() => rounds[integer(stream, rounds.length)]!)) ?? value;
  });
  // The figure itself is always inside: with few rounds a quantile of the draws may lie beyond it.
  return {
    value,
    low: Math.min(value, quantile(drawn, 0.025)),
    high: Math.max(value, quantile(drawn, 0.975)),
  };
}

function sumOf(rounds: readonly Round[]): number | undefined {
  const parts = rounds[0]?.length ?? 0;
  let sum = 0;
  for (let part = 0; part < parts; part++) {
    const samples = rounds.flatMap((round) => round[part]!);
    if (samples.length === 0) return undefined;
    sum += median(samples);
  }
  return parts === 0 ? undefined : sum;
}
