import type { PromptSampler, Rle, Size } from "../api.ts";
import { boxOf, decodeRle } from "../mask/index.ts";
import { isInside, maskOf, type Pixel } from "./pixels.ts";

/** A pixel at least this far from the mask's outline in all four directions is taken at once. */
const farEnoughPx = 20;

/**
 * Sampler that gives the rounded centre of mass where that lies inside the mask; else it gives the pixel with the most of the
 * mask on all four sides.
 * Source: experiments/data.py of pytorch-labs/segment-anything-fast.
 */
export const centreOfMass: PromptSampler = {
  id: "centre-of-mass",
  size: () => ({ points: 1, box: false }),
  *prompts(target) {
    const mask = maskOf(target);
    const centre = roundedCentre(mask);
    const { x, y } = isInside(mask, centre) ? centre : mostSurrounded(mask);
    yield { frame: "image", points: [{ x, y, label: 1 }] };
  },
};

function roundedCentre({ counts, size }: Rle): Pixel {
  let area = 0;
  let sumX = 0;
  let sumY = 0;
  for (let i = 1, start = counts[0]!; i < counts.length; i += 2) {
    const end = start + counts[i]!;
    for (let position = start; position < end; position++) {
      sumX += Math.floor(position / size.height);
      sumY += position % size.height;
    }
    area += counts[i]!;
    start = end + (counts[i + 1] ?? 0);
  }
  if (area === 0) throw new Error("centre of a mask without a pixel; the protocol should leave it out");
  return { x: roundHalfToEven(sumX / area), y: roundHalfToEven(sumY / area) };
}

/**
 * Returns the pixel that the mask surrounds most. For each pixel it counts how many pixels of the mask follow up, right, down
 * and left; the least of the four decides. The first pixel in row-major order that exceeds `farEnoughPx` wins, else the first
 * maximum.
 */
function mostSurrounded(mask: Rle): Pixel {
  const box = boxOf(mask)!;
  const size = { height: box.y1 - box.y0, width: box.x1 - box.x0 };
  const least = leastRuns(decodeRle(mask, box), size);
  let best = least.findIndex((run) => run > farEnoughPx);
  if (best < 0) best = least.reduce((found, run, i) => (run > least[found]! ? i : found), 0);
  return { x: box.x0 + (best % size.width), y: box.y0 + Math.floor(best / size.width) };
}

/**
 * Counts the pixels of the mask from each pixel (itself counted) to the nearest end in the four directions; the count is 0
 * outside the mask.
 */
function leastRuns(bitmap: Uint8Array, { height, width }: Size): Int32Array {
  const left = new Int32Array(bitmap.length);
  const up = new Int32Array(bitmap.length);
  for (let i = 0; i < bitmap.length; i++) {
    if (bitmap[i] === 0) continue;
    left[i] = 1 + (i % width > 0 ? left[i - 1]! : 0);
    up[i] = 1 + (i >= width ? up[i - width]! : 0);
  }
  const least = new Int32Array(bitmap.length);
  const down = new Int32Array(width);
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1, right = 0; x >= 0; x--) {
      const i = y * width + x;
      right = bitmap[i] === 0 ? 0 : right + 1;
      down[x] = bitmap[i] === 0 ? 0 : down[x]! + 1;
      least[i] = Math.min(left[i]!, up[i]!, right, down[x]!);
    }
  }
  return least;
}

/** Rounds as numpy does: a value halfway between two whole numbers goes to the even one. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
