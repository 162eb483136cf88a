import { createHash } from "node:crypto";
import type { Random } from "../api.ts";

/**
 * Returns a stream of uniform numbers named by its use. The same seed, use and keys give the same stream, whatever else was
 * drawn before. So a limit, a shard or a resumed run shifts nobody's draw.
 * `next` has 53 random bits: it returns a multiple of 2^-53 in [0, 1).
 *
 * The state is SHA-256 over the JSON of [seed, use, ...keys], so ("a", "b") and ("ab") differ, as do the keys 1 and "1".
 * Source of the generator: Blackman and Vigna, Scrambled linear pseudorandom number generators, 2021 (xoshiro128**).
 */
export function random(seed: number, use: string, ...keys: readonly (string | number)[]): Random {
  const digest = createHash("sha256")
    .update(JSON.stringify([seed, use, ...keys]))
    .digest();
  const bits = xoshiro128(
    digest.readUInt32LE(0),
    digest.readUInt32LE(4),
    digest.readUInt32LE(8),
    digest.readUInt32LE(12),
  );
  return { next: () => (bits() >>> 5) * 2 ** -27 + (bits() >>> 6) * 2 ** -53 };
}

/**
 * Draws a whole number from 0 … n - 1, uniformly and without bias: the few draws that would favour some numbers are drawn
 * again.
 */
export function integer(random: Random, n: number): number {
  if (!Number.isSafeInteger(n) || n < 1) throw new Error(`integer: n must be a whole number of at least 1, found ${n}`);
  const width = Math.floor(2 ** 53 / n);
  for (;;) {
    const draw = random.next() * 2 ** 53;
    // The remainder is exact and so is what it leaves, where a quotient of two large numbers could round up to the next integer.
    if (draw < width * n) return (draw - (draw % width)) / width;
  }
}

/** Returns a new array in an order drawn uniformly from all orders (Fisher and Yates). */
export function shuffle<T>(random: Random, items: readonly T[]): T[] {
  return sampleWithoutReplacement(random, items.length, items.length).map((index) => items[index]!);
}

/**
 * Draws k different indices below n, uniformly over all ordered choices, and returns them in the order drawn. It is a
 * Fisher-Yates shuffle that stops after k steps and remembers only the places it touched: memory and time go with k, not n.
 */
export function sampleWithoutReplacement(random: Random, n: number, k: number): number[] {
  if (!Number.isSafeInteger(k) || k < 0 || k > n) throw new Error(`sampleWithoutReplacement: cannot take ${k} of ${n}`);
  const moved = new Map<number, number>();
  return Array.from({ length: k }, (_, i) => {
    const j = i + integer(random, n - i);
    const drawn = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    return drawn;
  });
}

/** Draws from the normal distribution with mean 0 and standard deviation 1. Source: Box and Muller, 1958. */
export function normal(random: Random): number {
  // 1 - u lies in (0, 1], so the logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

function xoshiro128(a: number, b: number, c: number, d: number): () => number {
  return () => {
    const product = Math.imul(b, 5);
    const scrambled = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return scrambled >>> 0;
  };
}
