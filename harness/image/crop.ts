import type { Box, RgbImage } from "../api.ts";

/** Returns a copy of the part inside `box`, whose corners are whole pixels of the image. */
export function cropImage({ size, pixels }: RgbImage, { x0, y0, x1, y1 }: Box): RgbImage {
  const inside = 0 <= x0 && x0 < x1 && x1 <= size.width && 0 <= y0 && y0 < y1 && y1 <= size.height;
  if (!inside || ![x0, y0, x1, y1].every(Number.isInteger))
    throw new Error(`crop ${[x0, y0, x1, y1]} of an image of ${size.height} x ${size.width}`);
  const rowBytes = 3 * (x1 - x0);
  const part = new Uint8Array(rowBytes * (y1 - y0));
  for (let y = y0; y < y1; y++) {
    const from = 3 * (y * size.width + x0);
    part.set(pixels.subarray(from, from + rowBytes), (y - y0) * rowBytes);
  }
  return { size: { height: y1 - y0, width: x1 - x0 }, pixels: part };
}
