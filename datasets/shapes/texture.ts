import type { Random, Rgb } from "../../harness/api.ts";
import { between, onCircle, pick } from "./draw.ts";

/** Returns the share of the second colour at a place, 0 … 1; places are in px from the surface's own centre. */
export type Pattern = (u: number, v: number) => number;

export interface Surface {
  readonly colours: readonly [Rgb, Rgb];
  readonly pattern: Pattern;
}

export const patterns = ["plain", "stripes", "checker", "dots", "cloud", "grain", "wood", "ramp", "bricks"] as const;
export type PatternName = (typeof patterns)[number];

/** Draws a pattern turned and scaled by the stream; `scalePx` is its period. */
export function drawPattern(random: Random, scalePx: number, name: PatternName = pick(random, patterns)): Pattern {
  const axis = onCircle(random.next());
  const offset = { u: between(random, 0, 256), v: between(random, 0, 256) };
  const duty = between(random, 0.3, 0.7);
  const base = basePattern(name, duty);
  return (u, v) => base((u * axis.x + v * axis.y) / scalePx + offset.u, (v * axis.x - u * axis.y) / scalePx + offset.v);
}

/** Patterns of the surfaces. They have period 1 in both directions, but for the noises. */
function basePattern(name: PatternName, duty: number): Pattern {
  switch (name) {
    case "plain":
      return (u, v) => 0.15 * cloud(u * 0.2, v * 0.2);
    case "stripes":
      return (u) => edge(fraction(u), duty);
    case "checker":
      return (u, v) => (fraction(u) < 0.5 === fraction(v) < 0.5 ? 0 : 1);
    case "dots":
      return (u, v) => (squared(fraction(u) - 0.5) + squared(fraction(v) - 0.5) < 0.22 * duty ? 1 : 0);
    case "cloud":
      return (u, v) => cloud(u * 0.5, v * 0.5);
    case "grain":
      return (u, v) => cloud(u * 3, v * 3);
    case "wood":
      return (u, v) => edge(fraction(u + 2 * cloud(u * 0.15, v * 0.4)), duty);
    case "ramp":
      return (u) => Math.abs(2 * fraction(u * 0.15) - 1);
    case "bricks": {
      const row = (v: number) => (fraction(v * 0.5) < 0.5 ? 0.5 : 0);
      return (u, v) => (fraction(v) < 0.12 || fraction(u * 0.5 + row(v)) < 0.06 ? 1 : 0.25 * cloud(u, v));
    }
  }
}

const fraction = (value: number): number => value - Math.floor(value);
const squared = (value: number): number => value * value;

/** Returns 1 below `duty` and 0 above, with soft flanks a tenth of the period wide. */
function edge(phase: number, duty: number): number {
  const flank = 0.1;
  const distance = Math.min(phase, Math.abs(phase - duty), 1 - phase);
  const half = 0.5 * Math.min(1, (2 * distance) / flank);
  return phase < duty ? 0.5 + half : 0.5 - half;
}

const tileSide = 256;
let tile: Float32Array | undefined;

/** Returns smooth noise that repeats after 16 units, 0 … 1, by the look-up of one tile made once. */
export function cloud(u: number, v: number): number {
  tile ??= makeTile();
  const x = u * 16;
  const y = v * 16;
  const column = Math.floor(x);
  const row = Math.floor(y);
  const right = x - column;
  const down = y - row;
  const mask = tileSide - 1;
  const top = (row & mask) * tileSide;
  const bottom = ((row + 1) & mask) * tileSide;
  const left = column & mask;
  const next = (column + 1) & mask;
  const upper = tile[top + left]! * (1 - right) + tile[top + next]! * right;
  const lower = tile[bottom + left]! * (1 - right) + tile[bottom + next]! * right;
  return upper * (1 - down) + lower * down;
}

/** Sums four octaves of value noise, the coarsest with 16 knots a side. */
function makeTile(): Float32Array {
  const values = new Float32Array(tileSide * tileSide);
  for (let octave = 0; octave < 4; octave++) {
    const knots = 16 << octave;
    const step = tileSide / knots;
    // 1/2, 1/4, 1/8, 1/16 of a sum of 15/16.
    const weight = 16 / 15 / (2 << octave);
    for (let i = 0; i < values.length; i++) {
      const x = (i % tileSide) / step;
      const y = Math.floor(i / tileSide) / step;
      values[i]! += weight * valueNoise(x, y, knots, octave);
    }
  }
  return values;
}

function valueNoise(x: number, y: number, knots: number, octave: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const right = (column + 1) % knots;
  const below = ((row + 1) % knots) * knots;
  const above = row * knots;
  const s = ease(x - column);
  const t = ease(y - row);
  const upper = knot(above + column, octave) * (1 - s) + knot(above + right, octave) * s;
  const lower = knot(below + column, octave) * (1 - s) + knot(below + right, octave) * s;
  return upper * (1 - t) + lower * t;
}

// No function inside valueNoise: one made for each of a quarter of a million values took longer than all the noise.
const knot = (index: number, octave: number): number => scramble(index * 4 + octave) / 2 ** 32;

const ease = (t: number): number => t * t * (3 - 2 * t);

/** Hashes a 32-bit integer: every bit of the input turns about half of those of the output. */
export function scramble(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
