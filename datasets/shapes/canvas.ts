import type { Rgb, RgbImage, Size } from "../../harness/api.ts";
import type { Coverage } from "./coverage.ts";
import type { Light } from "./scene.ts";
import type { Surface } from "./texture.ts";
import { scramble } from "./texture.ts";

/** Work space of a scene: row-major RGB on the 0 … 255 scale, neither rounded nor cut off until the end. */
export interface Canvas {
  readonly size: Size;
  readonly pixels: Float32Array;
}

export function blankCanvas(size: Size): Canvas {
  return { size, pixels: new Float32Array(size.height * size.width * 3) };
}

/** Frame of a surface: its coordinates begin at the centre, and light falls off over the radius, px. */
export interface Relief {
  readonly x: number;
  readonly y: number;
  readonly radiusPx: number;
  readonly light: Pick<Light, "x" | "y" | "shading">;
}

/**
 * Lays a surface over the canvas by the share of each pixel that is covered. The surface is brighter on the side of the light.
 */
export function paint({ size, pixels }: Canvas, coverage: Coverage, surface: Surface, relief: Relief): void {
  const { pattern } = surface;
  const [first, second] = surface.colours;
  const [r, g, b] = first;
  const step: Rgb = [second[0] - r, second[1] - g, second[2] - b];
  const fall = relief.light.shading / relief.radiusPx;
  for (let row = 0, at = 0; row < coverage.size.height; row++) {
    const v = coverage.y0 + row - relief.y;
    let target = ((coverage.y0 + row) * size.width + coverage.x0) * 3;
    for (let column = 0; column < coverage.size.width; column++, at++, target += 3) {
      const alpha = coverage.alpha[at]!;
      if (alpha === 0) continue;
      const u = coverage.x0 + column - relief.x;
      const share = pattern(u, v);
      const bright = 1 + fall * (u * relief.light.x + v * relief.light.y);
      pixels[target]! += alpha * ((r + share * step[0]) * bright - pixels[target]!);
      pixels[target + 1]! += alpha * ((g + share * step[1]) * bright - pixels[target + 1]!);
      pixels[target + 2]! += alpha * ((b + share * step[2]) * bright - pixels[target + 2]!);
    }
  }
}

/** Darkens what lies under a soft copy of the coverage, moved by whole pixels. */
export function castShadow(
  canvas: Canvas,
  coverage: Coverage,
  offset: { x: number; y: number },
  strength: number,
): void {
  const { size, pixels } = canvas;
  const soft = Math.max(1, Math.round(Math.sqrt(offset.x * offset.x + offset.y * offset.y) / 3));
  const shadow = soften(coverage, soft);
  const dx = Math.round(offset.x);
  const dy = Math.round(offset.y);
  for (let row = 0, at = 0; row < shadow.size.height; row++) {
    const y = shadow.y0 + row + dy;
    for (let column = 0; column < shadow.size.width; column++, at++) {
      const x = shadow.x0 + column + dx;
      const alpha = shadow.alpha[at]!;
      if (alpha === 0 || x < 0 || y < 0 || x >= size.width || y >= size.height) continue;
      const kept = 1 - strength * alpha;
      for (let channel = 0; channel < 3; channel++) pixels[(y * size.width + x) * 3 + channel]! *= kept;
    }
  }
}

/** Takes a box mean of 2 radius + 1 px both ways, on a frame that is `radius` wider all around. */
function soften({ x0, y0, size, alpha }: Coverage, radius: number): Coverage {
  const wide = { height: size.height + 2 * radius, width: size.width + 2 * radius };
  const rows = new Float32Array(size.height * wide.width);
  for (let y = 0; y < size.height; y++) {
    const from = { line: alpha, start: y * size.width, length: size.width };
    slideMean(from, { line: rows, start: y * wide.width, length: wide.width }, 1, radius);
  }
  const both = new Float32Array(wide.height * wide.width);
  for (let x = 0; x < wide.width; x++) {
    const from = { line: rows, start: x, length: size.height };
    slideMean(from, { line: both, start: x, length: wide.height }, wide.width, radius);
  }
  return { x0: x0 - radius, y0: y0 - radius, size: wide, alpha: both };
}

interface Line {
  readonly line: Float32Array;
  readonly start: number;
  readonly length: number;
}

/** Writes the running mean of one line into a longer one. In both, neighbours lie `stride` apart. */
function slideMean(from: Line, to: Line, stride: number, radius: number): void {
  const share = 1 / (2 * radius + 1);
  let sum = 0;
  for (let i = 0; i < to.length; i++) {
    if (i < from.length) sum += from.line[from.start + i * stride]!;
    const leaving = i - 2 * radius - 1;
    if (leaving >= 0 && leaving < from.length) sum -= from.line[from.start + leaving * stride]!;
    to.line[to.start + i * stride] = Math.max(0, sum * share);
  }
}

/**
 * Blurs with the kernel 1 2 1 in both directions, `passes` times. A pass adds a variance of half a squared pixel each way;
 * outlines stay in place.
 */
export function blur({ size, pixels }: Canvas, passes: number): void {
  const stride = size.width * 3;
  for (let pass = 0; pass < passes; pass++) {
    for (let start = 0; start < pixels.length; start += stride) blurRow(pixels, start, start + stride);
    blurColumns(pixels, stride);
  }
}

function blurRow(pixels: Float32Array, start: number, end: number): void {
  for (let channel = 0; channel < 3; channel++) {
    let before = pixels[start + channel]!;
    for (let at = start + channel; at < end; at += 3) {
      const here = pixels[at]!;
      const after = at + 3 < end ? pixels[at + 3]! : here;
      pixels[at] = 0.25 * before + 0.5 * here + 0.25 * after;
      before = here;
    }
  }
}

/** Blurs all columns at once, row by row: memory is walked as it lies. */
function blurColumns(pixels: Float32Array, stride: number): void {
  const before = pixels.slice(0, stride);
  for (let start = 0; start < pixels.length; start += stride) {
    const below = start + stride < pixels.length ? stride : 0;
    for (let i = 0, at = start; i < stride; i++, at++) {
      const here = pixels[at]!;
      pixels[at] = 0.25 * before[i]! + 0.5 * here + 0.25 * pixels[at + below]!;
      before[i] = here;
    }
  }
}

/** Adds light to the side of the canvas where the light is, and takes it from the other. */
export function illuminate({ size, pixels }: Canvas, { x, y, gradient }: Light): void {
  const { height, width } = size;
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 3) {
      const factor = 1 + gradient * (x * ((2 * column) / width - 1) + y * ((2 * row) / height - 1));
      pixels[at]! *= factor;
      pixels[at + 1]! *= factor;
      pixels[at + 2]! *= factor;
    }
  }
}

/** Adds sensor noise (a sum of two uniforms, so triangular, up to `noise` grey levels) and rounds to 8 bits. */
export function develop({ size, pixels }: Canvas, noise: number, seed: number): RgbImage {
  const bytes = new Uint8Array(pixels.length);
  const scale = noise / 65535;
  for (let i = 0; i < bytes.length; i++) {
    const bits = scramble(i ^ seed);
    const value = pixels[i]! + scale * ((bits & 0xffff) + (bits >>> 16) - 65535);
    bytes[i] = value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
  }
  return { size, pixels: bytes };
}
