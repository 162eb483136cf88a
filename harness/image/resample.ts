import type { RgbImage, Size } from "../api.ts";
import { type TriangleFilter, triangleFilter } from "./triangleFilter.ts";

/** Bits behind the point of a filter coefficient: 8 of the 32 are the pixel's, 2 are left for sign and overshoot. */
const fraction = 22;
const half = 1 << (fraction - 1);

/** The triangle with weights in whole parts of 2^22. */
interface FixedPointFilter extends Omit<TriangleFilter, "weights"> {
  readonly weights: Int32Array;
}

/**
 * Resizes with Pillow's BILINEAR filter, byte for byte: a triangle that widens when shrinking, rows first, then columns,
 * each pass rounded to 8 bits. Not sharp's resize: enlarging photos to 1024 px, its `linear` kernel is off by 2.7 levels on average (resample.test.ts).
 * Source: Pillow src/libImaging/Resample.c.
 */
export function resizePillow(image: RgbImage, size: Size): RgbImage {
  const wide = image.size.width === size.width ? image : resizeRows(image, size.width);
  return wide.size.height === size.height ? wide : resizeColumns(wide, size.height);
}

/**
 * Resizes in float with half-pixel centres and no antialiasing, as PyTorch's F.interpolate(mode="bilinear", align_corners=False).
 * Planes [3, height, width] on the 0 … 255 scale, unrounded.
 */
export function resizeBilinear({ size: from, pixels }: RgbImage, size: Size): Float32Array {
  const rows = neighbours(from.height, size.height);
  const columns = neighbours(from.width, size.width);
  const planes = new Float32Array(3 * size.height * size.width);
  const line = new Float32Array(from.width);
  for (let channel = 0, at = 0; channel < 3; channel++) {
    for (let y = 0; y < size.height; y++, at += size.width) {
      const top = rows.near[y]! * from.width;
      const bottom = rows.far[y]! * from.width;
      const down = rows.share[y]!;
      for (let x = 0; x < from.width; x++) {
        line[x] = (1 - down) * pixels[3 * (top + x) + channel]! + down * pixels[3 * (bottom + x) + channel]!;
      }
      for (let x = 0; x < size.width; x++) {
        const right = columns.share[x]!;
        planes[at + x] = (1 - right) * line[columns.near[x]!]! + right * line[columns.far[x]!]!;
      }
    }
  }
  return planes;
}

function resizeRows({ size, pixels }: RgbImage, width: number): RgbImage {
  const { taps, first, counts, weights } = fixedPointFilter(size.width, width);
  const resized = new Uint8Array(size.height * width * 3);
  for (let y = 0, at = 0; y < size.height; y++) {
    const row = y * size.width;
    for (let x = 0; x < width; x++, at += 3) {
      let from = 3 * (row + first[x]!);
      let red = half;
      let green = half;
      let blue = half;
      for (let k = x * taps, end = k + counts[x]!; k < end; k++, from += 3) {
        const weight = weights[k]!;
        red += Math.imul(weight, pixels[from]!);
        green += Math.imul(weight, pixels[from + 1]!);
        blue += Math.imul(weight, pixels[from + 2]!);
      }
      resized[at] = red >> fraction;
      resized[at + 1] = green >> fraction;
      resized[at + 2] = blue >> fraction;
    }
  }
  return { size: { height: size.height, width }, pixels: resized };
}

/** Sums a row at a time: neighbours in a row are neighbours in memory, those in a column are not. */
function resizeColumns({ size, pixels }: RgbImage, height: number): RgbImage {
  const { taps, first, counts, weights } = fixedPointFilter(size.height, height);
  const stride = size.width * 3;
  const resized = new Uint8Array(height * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    const row = first[y]! * stride;
    const at = y * stride;
    const weight = y * taps;
    if (counts[y] === 2) {
      const upper = weights[weight]!;
      const lower = weights[weight + 1]!;
      for (let i = 0; i < stride; i++) {
        const sum = Math.imul(upper, pixels[row + i]!) + Math.imul(lower, pixels[row + stride + i]!);
        resized[at + i] = (sum + half) >> fraction;
      }
      continue;
    }
    sums.fill(half);
    for (let k = 0; k < counts[y]!; k++) {
      const w = weights[weight + k]!;
      for (let i = 0, from = row + k * stride; i < stride; i++) sums[i]! += Math.imul(w, pixels[from + i]!);
    }
    for (let i = 0; i < stride; i++) resized[at + i] = sums[i]! >> fraction;
  }
  return { size: { height, width: size.width }, pixels: resized };
}

/** Rounds weights to fixed point, half away from 0. None is negative, so no sum leaves 0 … 255. */
function fixedPointFilter(inputs: number, outputs: number): FixedPointFilter {
  const filter = triangleFilter(inputs, outputs);
  return {
    ...filter,
    weights: Int32Array.from(filter.weights, (weight) => Math.floor(0.5 + weight * (1 << fraction))),
  };
}

/**
 * Returns both input indices of an output and the share of the farther one. Positions are in float32, rounded once, as PyTorch
 * computes them.
 */
function neighbours(inputs: number, outputs: number) {
  const near = new Int32Array(outputs);
  const far = new Int32Array(outputs);
  const share = new Float32Array(outputs);
  const scale = Math.fround(inputs / outputs);
  for (let i = 0; i < outputs; i++) {
    const source = Math.max(Math.fround(scale * (i + 0.5) - 0.5), 0);
    near[i] = Math.min(Math.floor(source), inputs - 1);
    far[i] = Math.min(near[i]! + 1, inputs - 1);
    share[i] = Math.min(source - near[i]!, 1);
  }
  return { near, far, share };
}
