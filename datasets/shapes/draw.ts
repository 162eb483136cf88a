import type { Random, Rgb } from "../../harness/api.ts";

/** Draws a number, uniform in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.next();
}

/** Draws a whole number from low to high, both included. */
export function count(random: Random, low: number, high: number): number {
  return low + Math.floor(random.next() * (high - low + 1));
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random.next() * items.length)]!;
}

export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** Draws a colour of any hue; `saturation` and `value` lie in 0 … 1. Channels are on the 0 … 255 scale, not rounded. */
export function colour(random: Random, saturation: number, value: number): Rgb {
  const hue = random.next() * 6;
  const channel = (offset: number): number => {
    const distance = Math.abs(((hue + offset) % 6) - 3);
    const pure = Math.min(1, Math.max(0, distance - 1));
    return 255 * value * (1 - saturation * (1 - pure));
  };
  return [channel(0), channel(4), channel(2)];
}

/** Draws a colour near another one, so that one thing hides before the other. */
export function near(random: Random, [red, green, blue]: Rgb, distance: number): Rgb {
  const shift = (channel: number) => Math.min(255, Math.max(0, channel + between(random, -distance, distance)));
  return [shift(red), shift(green), shift(blue)];
}

/**
 * Returns cosine and sine of a fraction of a full turn, by a Taylor series of products and sums alone: the last bits of
 * Math.sin differ between engines, and a scene must be the same everywhere. They are off by less than 1e-8.
 */
export function onCircle(turn: number): { readonly x: number; readonly y: number } {
  return { x: sine(turn + 0.25), y: sine(turn) };
}

function sine(turn: number): number {
  let t = turn - Math.floor(turn);
  if (t > 0.5) t -= 1;
  // sin(π - a) = sin(a) brings the angle into a quarter turn, where the series converges fast.
  if (t > 0.25) t = 0.5 - t;
  if (t < -0.25) t = -0.5 - t;
  const a = t * 2 * Math.PI;
  const a2 = a * a;
  let term = a;
  let sum = a;
  for (let k = 2; k <= 14; k += 2) {
    term *= -a2 / (k * (k + 1));
    sum += term;
  }
  return sum;
}
