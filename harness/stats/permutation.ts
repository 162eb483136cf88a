import { random } from "./random.ts";

const defaults = {
  draws: 1000,
  /** Sums in another order differ by less than this share of their value. */
  rounding: 1e-9,
};

export interface PermutationOptions {
  readonly seed: number;
  readonly draws?: number;
}

/**
 * Returns the two-sided p value of a paired difference between A and B, by image. If there were no difference, each image's two
 * results might as well have changed places. `differenceAt` gets a 1 for each image whose results do. With so few images that
 * every exchange can be tried, every exchange is tried and p is exact. Returns undefined where the difference itself has no
 * value.
 * Source: Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005, section 3.2; the observed arrangement counts
 * as one of the draws, so that p is never 0 (Phipson and Smyth 2010).
 */
export function permutationP(
  differenceAt: (exchanged: Uint8Array) => number | undefined,
  images: number,
  { seed, draws = defaults.draws }: PermutationOptions,
): number | undefined {
  const observed = differenceAt(new Uint8Array(images));
  if (observed === undefined) return undefined;
  // The same arrangement, summed in another order, must count as equally extreme.
  const limit = Math.abs(observed) * (1 - defaults.rounding);
  let extreme = 0;
  let counted = 0;
  const exact = images < 31 && 2 ** images <= draws;
  for (const exchanged of exact ? allExchanges(images) : drawnExchanges(images, seed, draws)) {
    const value = differenceAt(exchanged);
    if (value === undefined) continue;
    counted += 1;
    if (Math.abs(value) >= limit) extreme += 1;
  }
  return exact ? extreme / counted : (extreme + 1) / (counted + 1);
}

function* allExchanges(images: number): Generator<Uint8Array, void, void> {
  for (let set = 0; set < 2 ** images; set++) yield Uint8Array.from({ length: images }, (_, i) => (set >>> i) & 1);
}

/** Yields random exchanges. Draw k has a stream of its own, so that figures of the same images see the same exchanges. */
function* drawnExchanges(images: number, seed: number, draws: number): Generator<Uint8Array, void, void> {
  for (let draw = 0; draw < draws; draw++) {
    const stream = random(seed, "permutation", draw);
    const exchanged = new Uint8Array(images);
    for (let i = 0; i < images; i++) exchanged[i] = stream.next() < 0.5 ? 0 : 1;
    yield exchanged;
  }
}

/**
 * Returns the p values corrected for being looked at together, in the order given. Where only those below 0.05 after this are
 * believed, the chance of rejecting even one true null hypothesis is at most 5 %.
 * Source: Holm, A simple sequentially rejective multiple test procedure, 1979.
 */
export function holm(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const adjusted = new Array<number>(values.length);
  let least = 0;
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (values.length - rank) * values[i]!));
    adjusted[i] = least;
  }
  return adjusted;
}
