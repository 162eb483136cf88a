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
 * Returns the two-sided p values of paired differences between A and B, by image. If there were no difference, each image's two
 * results might as well have changed places. `differencesAt` gets a 1 for each image whose results do, and returns the difference of
 * each figure; it must not keep that array. All figures see the same exchanges. With so few images that every exchange can be tried,
 * every exchange is tried and p is exact. A figure whose difference itself has no value has no p.
 * Source: Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005, section 3.2; the observed arrangement counts
 * as one of the draws, so that p is never 0 (Phipson and Smyth 2010).
 */
export function permutationPs(
  differencesAt: (exchanged: Uint8Array) => readonly (number | undefined)[],
  images: number,
  { seed, draws = defaults.draws }: PermutationOptions,
): readonly (number | undefined)[] {
  // The same arrangement, summed in another order, must count as equally extreme.
  const limits = differencesAt(new Uint8Array(images)).map(
    (observed) => observed && Math.abs(observed) * (1 - defaults.rounding),
  );
  const extreme = limits.map(() => 0);
  const counted = limits.map(() => 0);
  const exact = images < 31 && 2 ** images <= draws;
  for (const exchanged of exact ? allExchanges(images) : drawnExchanges(images, seed, draws))
    for (const [i, value] of differencesAt(exchanged).entries()) {
      if (value === undefined || limits[i] === undefined) continue;
      counted[i]! += 1;
      if (Math.abs(value) >= limits[i]) extreme[i]! += 1;
    }
  return limits.map((limit, i) => {
    if (limit === undefined) return undefined;
    return exact ? extreme[i]! / counted[i]! : (extreme[i]! + 1) / (counted[i]! + 1);
  });
}

/** Returns the p value of one difference, as `permutationPs` does. */
export function permutationP(
  differenceAt: (exchanged: Uint8Array) => number | undefined,
  images: number,
  options: PermutationOptions,
): number | undefined {
  return permutationPs((exchanged) => [differenceAt(exchanged)], images, options)[0];
}

function* allExchanges(images: number): Generator<Uint8Array, void, void> {
  for (let set = 0; set < 2 ** images; set++) yield Uint8Array.from({ length: images }, (_, i) => (set >>> i) & 1);
}

/**
 * Yields random exchanges, in one array that each overwrites. Draw k has a stream of its own, so that figures of the same images see
 * the same exchanges.
 */
function* drawnExchanges(images: number, seed: number, draws: number): Generator<Uint8Array, void, void> {
  const bits = drawnBits(images, seed, draws);
  const exchanged = new Uint8Array(images);
  for (let draw = 0, at = 0; draw < draws; draw++) {
    for (let i = 0; i < images; i++, at++) exchanged[i] = (bits[at >>> 3]! >>> (at & 7)) & 1;
    yield exchanged;
  }
}

let drawn: { readonly key: string; readonly bits: Uint8Array } | undefined;

/** Returns all exchanges, a bit each. The last ones are kept: the metrics and prompts of one comparison ask for the same. */
function drawnBits(images: number, seed: number, draws: number): Uint8Array {
  const key = [images, seed, draws].join();
  if (drawn?.key === key) return drawn.bits;
  const bits = new Uint8Array(Math.ceil((images * draws) / 8));
  for (let draw = 0, at = 0; draw < draws; draw++) {
    const stream = random(seed, "permutation", draw);
    for (let i = 0; i < images; i++, at++) if (stream.next() >= 0.5) bits[at >>> 3]! |= 1 << (at & 7);
  }
  drawn = { key, bits };
  return bits;
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
