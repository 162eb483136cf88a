import { median } from "../stats/summary.ts";

const defaults = {
  /** Samples in each of the two groups that are compared. */
  group: 3,
  /** The medians of two groups in a row may differ by this share. */
  tolerance: 0.05,
  /** The warm-up is given up after this many samples. */
  most: 40,
  /** It is given up after samples that took so many ms together: on a software device one may take many seconds. */
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
export async function warmUpUntilStable(
  sample: () => Promise<number>,
  { group, tolerance, most, mostMs } = defaults,
): Promise<WarmUp> {
  const taken: number[] = [];
  let takenMs = 0;
  while (taken.length < most && takenMs < mostMs) {
    const ms = await sample();
    taken.push(ms);
    takenMs += ms;
    if (taken.length < 2 * group) continue;
    const before = median(taken.slice(-2 * group, -group));
    const last = median(taken.slice(-group));
    if (Math.abs(last / before - 1) <= tolerance) return { samples: taken.length, stable: true };
  }
  return { samples: taken.length, stable: false };
}
