import { median } from "../stats/summary.ts";
import { type Clock, systemClock } from "./clock.ts";

const defaults = {
  /** Samples in each of the two groups that are compared. */
  group: 3,
  /** The medians of two groups in a row may differ by this share. */
  tolerance: 0.05,
  /** The warm-up is given up after this many samples. */
  most: 40,
  /** It is given up after so many ms: on a software device a sample, with all that comes with it, may take a minute. */
  mostMs: 60_000,
};

interface WarmUp {
  readonly samples: number;
  /** True where the last two groups agreed. */
  readonly stable: boolean;
}

/**
 * Takes samples in ms until two groups in a row have the same median: then kernels are compiled and tuned, and clocks have
 * risen. How long that takes on a GPU is not known beforehand.
 */
export async function warmUpUntilStable(sample: () => Promise<number>, clock: Clock = systemClock): Promise<WarmUp> {
  const taken: number[] = [];
  const { group, tolerance, most, mostMs } = defaults;
  const began = clock.nowMs();
  while (taken.length < most && clock.nowMs() - began < mostMs) {
    taken.push(await sample());
    if (taken.length < 2 * group) continue;
    const before = median(taken.slice(-2 * group, -group));
    const last = median(taken.slice(-group));
    if (Math.abs(last / before - 1) <= tolerance) return { samples: taken.length, stable: true };
  }
  return { samples: taken.length, stable: false };
}
