import type { Geometry, KeptTokens, RgbImage } from "../api.ts";

const defaults = {
  /** Share of the brightness that stays of a token that was left out. */
  shade: 0.25,
  /** Gap between panels in px, and its grey. */
  gap: 8,
  gapGrey: 255,
};

/** Draws the photo once for each part, side by side. Tokens that the part left out are dark and without colour. */
export function keptPicture(photo: RgbImage, parts: readonly KeptTokens[], geometry: Geometry): RgbImage {
  const { height, width } = photo.size;
  const size = { height, width: parts.length * (width + defaults.gap) - defaults.gap };
  const pixels = new Uint8Array(3 * size.height * size.width).fill(defaults.gapGrey);
  for (const [i, { tokens }] of parts.entries()) {
    const [rows, columns] = tokens.dims as [number, number];
    const left = i * (width + defaults.gap);
    for (let y = 0; y < height; y++) {
      const row = lineOf(y, geometry.resized.height / height, geometry.offset.y, rows / geometry.frame.height);
      for (let x = 0; x < width; x++) {
        const column = lineOf(x, geometry.resized.width / width, geometry.offset.x, columns / geometry.frame.width);
        const from = 3 * (y * width + x);
        const to = 3 * (y * size.width + left + x);
        if (tokens.data[row * columns + column]! > 0) pixels.set(photo.pixels.subarray(from, from + 3), to);
        else pixels.fill(shaded(photo.pixels, from), to, to + 3);
      }
    }
  }
  return { size, pixels };
}

/** Returns the row or column of the token in which a pixel's centre lies. */
function lineOf(pixel: number, scale: number, offset: number, tokensAPixel: number): number {
  return Math.floor(((pixel + 0.5) * scale + offset) * tokensAPixel);
}

/** Returns Rec. 601 luma, darkened. */
function shaded(pixels: Uint8Array, at: number): number {
  return defaults.shade * (0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!);
}
