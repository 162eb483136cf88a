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

/** An exchange has a 1 for each image whose results change places between A and B, else 0. Its array is overwritten by the next. */
export type Exchanges = Iterable<Uint8Array>;

/** Returns the difference of each figure for each exchange, in their order. */
export type DifferencesOf = (exchanges: Exchanges) => Iterable<readonly (number | undefined)[]>;

/**
 * Returns the two-sided p values of paired differences between A and B, by image. If there were no difference, each image's two
 * results might as well have changed places. All figures see the same exchanges. With so few images that every exchange can be tried,
 * every exchange is tried and p is exact. A figure whose difference itself has no value has no p.
 * Source: Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005, section 3.2; the observed arrangement counts
 * as one of the draws, so that p is never 0 (Phipson and Smyth 2010).
 */
export function permutationPs(
  differencesOf: DifferencesOf,
  images: number,
  options: PermutationOptions,
): readonly (number | undefined)[] {
  return begunPermutation(differencesOf, images, options)();
}

/** Asks for the differences, which another thread may begin to compute, and returns a function that returns `permutationPs`. */
export function begunPermutation(
  differencesOf: DifferencesOf,
  images: number,
  { seed, draws = defaults.draws }: PermutationOptions,
): () => readonly (number | undefined)[] {
  const exact = images < 31 && 2 ** images <= draws;
  const exchanges = exact ? allExchanges(images) : drawnExchanges(images, seed, draws);
  const all = differencesOf(observedAnd(exchanges, images));
  return () => psOf(all, exact ? "all exchanges" : "drawn exchanges");
}

function psOf(
  all: ReturnType<DifferencesOf>,
  kind: "all exchanges" | "drawn exchanges",
): readonly (number | undefined)[] {
  const [observed = [], ...others] = all;
  // The same arrangement, summed in another order, must count as equally extreme.
  const limits = observed.map((value) => value && Math.abs(value) * (1 - defaults.rounding));
  const extreme = limits.map(() => 0);
  const counted = limits.map(() => 0);
  for (const differences of others)
    for (const [i, value] of differences.entries()) {
      if (value === undefined || limits[i] === undefined) continue;
      counted[i]! += 1;
      if (Math.abs(value) >= limits[i]) extreme[i]! += 1;
    }
  return limits.map((limit, i) => {
    if (limit === undefined) return undefined;
    return kind === "all exchanges" ? extreme[i]! / counted[i]! : (extreme[i]! + 1) / (counted[i]! + 1);
  });
}

/** Returns the p value of one difference, as `permutationPs` does. */
export function permutationP(
  differenceAt: (exchanged: Uint8Array) => number | undefined,
  images: number,
  options: PermutationOptions,
): number | undefined {
  const differencesOf = function* (exchanges: Exchanges) {
    for (const exchanged of exchanges) yield [differenceAt(exchanged)];
  };
  return permutationPs(differencesOf, images, options)[0];
}

/** Yields the arrangement as it was observed, and then the exchanges. */
function* observedAnd(exchanges: Exchanges, images: number): Generator<Uint8Array, void, void> {
  yield new Uint8Array(images);
  yield* exchanges;
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
