import type { RgbImage, Size } from "../api.ts";
import { type TriangleFilter, triangleFilter } from "./triangleFilter.ts";

/**
 * Resizes in float with half-pixel centres and a triangle that widens when shrinking, as PyTorch's
 * F.interpolate(mode="bilinear", align_corners=False, antialias=True), rows first. Planes [3, height, width] on the 0 … 255
 * scale, unrounded: resizePillow has the same filter and rounds each pass to bytes.
 */
export function resizeAntialiased(image: RgbImage, size: Size): Float32Array {
  const wide = resizeRows(image, triangleFilter(image.size.width, size.width), size.width);
  const rows = triangleFilter(image.size.height, size.height);
  const planes = new Float32Array(3 * size.height * size.width);
  const line = new Float64Array(size.width);
  for (let channel = 0, at = 0; channel < 3; channel++) {
    for (let y = 0; y < size.height; y++, at += size.width) {
      line.fill(0);
      let from = (channel * image.size.height + rows.first[y]!) * size.width;
      for (let k = y * rows.taps, end = k + rows.counts[y]!; k < end; k++, from += size.width) {
        const weight = rows.weights[k]!;
        for (let x = 0; x < size.width; x++) line[x]! += weight * wide[from + x]!;
      }
      planes.set(line, at);
    }
  }
  return planes;
}

/** Resizes each row: interleaved bytes → planes [3, height of the image, width]. */
function resizeRows({ size, pixels }: RgbImage, filter: TriangleFilter, width: number): Float32Array {
  const { taps, first, counts, weights } = filter;
  const plane = size.height * width;
  const planes = new Float32Array(3 * plane);
  for (let y = 0, at = 0; y < size.height; y++) {
    const row = y * size.width;
    for (let x = 0; x < width; x++, at++) {
      let from = 3 * (row + first[x]!);
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let k = x * taps, end = k + counts[x]!; k < end; k++, from += 3) {
        const weight = weights[k]!;
        red += weight * pixels[from]!;
        green += weight * pixels[from + 1]!;
        blue += weight * pixels[from + 2]!;
      }
      planes[at] = red;
      planes[plane + at] = green;
      planes[2 * plane + at] = blue;
    }
  }
  return planes;
}
