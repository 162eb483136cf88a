import type { Geometry, Point, Prompt, Rle, Size } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { encodeRle, rleFromBox } from "../../harness/mask/index.ts";

interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * Returns the mask that a prompt alone suggests, at image size: the pixels of its box, else a disc of `areaPx` about its
 * foreground points. A mask in the prompt changes nothing. Throws HarnessError for a prompt without a box and without a
 * foreground point.
 */
export function promptMask({ box, points }: Prompt<"model">, geometry: Geometry, areaPx: () => number): Rle {
  const { image } = geometry;
  if (box !== undefined) {
    const start = toImage({ x: box.x0, y: box.y0 }, geometry);
    const end = toImage({ x: box.x1, y: box.y1 }, geometry);
    return rleFromBox({ x0: start.x, y0: start.y, x1: end.x, y1: end.y }, image);
  }
  const foreground = points.filter(({ label }) => label === 1).map((point) => toImage(point, geometry));
  if (foreground.length === 0)
    throw new HarnessError("baseline/prompt: the prompt has neither a box nor a foreground point", {
      found: describePoints(points),
      hint: "prompt it with a box, or with points of label 1",
    });
  return disc(meanOf(foreground), areaPx(), image);
}

/**
 * Returns the pixels whose centres lie within a disc of `areaPx` about the centre of the pixel at `centre`. What lies outside
 * of the image is cut off. At least the nearest pixel is in the disc.
 */
export function disc(centre: Place, areaPx: number, size: Size): Rle {
  const { height, width } = size;
  // No point of the plane is further from the nearest pixel's centre than half a diagonal.
  const squared = Math.max(areaPx / Math.PI, 0.5);
  const bitmap = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const left = squared - (y - centre.y) ** 2;
    if (left < 0) continue;
    const reach = Math.sqrt(left);
    const first = Math.max(Math.ceil(centre.x - reach), 0);
    const last = Math.min(Math.floor(centre.x + reach), width - 1);
    if (first <= last) bitmap.fill(1, y * width + first, y * width + last + 1);
  }
  return encodeRle(bitmap, size);
}

function meanOf(places: readonly Place[]): Place {
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  return { x: mean(places.map(({ x }) => x)), y: mean(places.map(({ y }) => y)) };
}

/**
 * Turns a place in the model frame into one in image pixels, rounded to a millionth, so that a whole number that went there and
 * came back is whole again.
 */
function toImage({ x, y }: Place, { image, resized, offset }: Geometry): Place {
  const back = (value: number, start: number, from: number, to: number) =>
    Math.round((((value - start) * to) / from) * 1e6) / 1e6;
  return { x: back(x, offset.x, resized.width, image.width), y: back(y, offset.y, resized.height, image.height) };
}

function describePoints(points: readonly Point[]): string {
  return points.length === 0 ? "no point" : `${points.length} of background`;
}
