import type { Rle, Size } from "../../../../api.ts";
import { onCanvas, type Projection } from "./view.ts";

/**
 * Draws a mask as a canvas shows it, or the part of it that is in view: each pixel of the canvas takes the mask's pixel under its
 * centre. Returns a row-major bitmap of 0 and 1. A photo of 50 megapixels costs no more than its runs and the canvas.
 */
export function drawnMask({ size, counts }: Rle, projection: Projection): Uint8Array {
  const { height, width } = size;
  const canvas = projection.size;
  const bitmap = new Uint8Array(canvas.height * canvas.width);
  const columns = firstAtOrAfter(width, canvas.width, (x) => onCanvas(projection, { x, y: 0 }).x);
  const rows = firstAtOrAfter(height, canvas.height, (y) => onCanvas(projection, { x: 0, y }).y);
  for (let i = 1, start = counts[0]!; i < counts.length; i += 2) {
    const end = start + counts[i]!;
    for (let x = Math.floor(start / height); x * height < end; x++) {
      const top = rows[Math.max(start - x * height, 0)]!;
      const bottom = rows[Math.min(end - x * height, height)]!;
      for (let column = columns[x]!; column < columns[x + 1]!; column++)
        for (let row = top; row < bottom; row++) bitmap[row * canvas.width + column] = 1;
    }
    start = end + (counts[i + 1] ?? 0);
  }
  return bitmap;
}

/** Returns for each pixel of a photo, and for its end, the first of `drawn` pixels of a canvas whose centre lies in it or behind it. */
function firstAtOrAfter(pixels: number, drawn: number, placeOf: (pixel: number) => number): Int32Array {
  return Int32Array.from({ length: pixels + 1 }, (_, i) => Math.min(Math.max(0, Math.ceil(placeOf(i) - 0.5)), drawn));
}

/** Marks the pixels of a bitmap that are inside and within `widthPx` px of an edge: the line that is drawn along it. */
export function edgeOf(bitmap: Uint8Array, { height, width }: Size, widthPx: number): Uint8Array {
  const edge = new Uint8Array(bitmap.length);
  const step = Math.max(1, Math.round(widthPx));
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (bitmap[i] === 0) continue;
      const isInner =
        (x < step || bitmap[i - step] === 1) &&
        (x >= width - step || bitmap[i + step] === 1) &&
        (y < step || bitmap[i - step * width] === 1) &&
        (y >= height - step || bitmap[i + step * width] === 1);
      if (!isInner) edge[i] = 1;
    }
  return edge;
}
