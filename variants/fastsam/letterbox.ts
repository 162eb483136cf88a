import type { Box, Geometry } from "../../harness/api.ts";
import { strides } from "./config.ts";

/**
 * What the authors' predictor feeds its network: the resized image with its shorter side padded to the next multiple of 32,
 * cut out of the square model frame. Rules that look at borders look at these.
 */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** As LetterBox(auto=True) of ultralytics/data/augment.py: half of the padding on either side, the odd pixel after the image. */
export function rectangleOf({ resized, offset }: Geometry): Rectangle {
  const along = (start: number, length: number) => {
    const padded = Math.ceil(length / strides[2]) * strides[2];
    return { start: start - Math.floor((padded - length) / 2), length: padded };
  };
  const [columns, rows] = [along(offset.x, resized.width), along(offset.y, resized.height)];
  return { x: columns.start, y: rows.start, width: columns.length, height: rows.length };
}

/** A box of the rectangle in image pixels, cut to the image. As scale_boxes of ultralytics/utils/ops.py: one scale for both axes. */
export function toImageBox({ x0, y0, x1, y1 }: Box, { width, height }: Rectangle, { image }: Geometry): Box {
  const gain = Math.min(height / image.height, width / image.width);
  const [left, top] = [width - image.width * gain, height - image.height * gain].map((free) =>
    halfToEven(free / 2 - 0.1),
  ) as [number, number];
  const toX = (x: number) => clamp((x - left) / gain, image.width);
  const toY = (y: number) => clamp((y - top) / gain, image.height);
  return { x0: toX(x0), y0: toY(y0), x1: toX(x1), y1: toY(y1) };
}

/**
 * Model frame → image pixels, undoing toModelFrame. To a millionth of a pixel, so that a whole number that went there and
 * came back is whole again.
 */
export function toImagePixel(
  { x, y }: { readonly x: number; readonly y: number },
  { image, resized, offset }: Geometry,
): { readonly x: number; readonly y: number } {
  const back = (value: number, start: number, from: number, to: number) =>
    Math.round((((value - start) * to) / from) * 1e6) / 1e6;
  return { x: back(x, offset.x, resized.width, image.width), y: back(y, offset.y, resized.height, image.height) };
}

/** Python's round. */
export function halfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

export function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
