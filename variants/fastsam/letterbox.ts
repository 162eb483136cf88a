import type { Box, Geometry } from "../../harness/api.ts";

/**
 * Turns a box in model pixels into one in image pixels, cut to the image. Source: scale_boxes of ultralytics/utils/ops.py: each
 * axis has its own scale.
 */
export function toImageBox({ x0, y0, x1, y1 }: Box, { image, resized, offset }: Geometry): Box {
  const toX = (x: number) => clamp((x - offset.x) / (resized.width / image.width), image.width);
  const toY = (y: number) => clamp((y - offset.y) / (resized.height / image.height), image.height);
  return { x0: toX(x0), y0: toY(y0), x1: toX(x1), y1: toY(y1) };
}

/**
 * Turns a point of the model frame into one of the image, undoing toModelFrame. It rounds to a millionth of a pixel, so that a
 * whole number that went there and came back is whole again.
 */
export function toImagePixel(
  { x, y }: { readonly x: number; readonly y: number },
  { image, resized, offset }: Geometry,
): { readonly x: number; readonly y: number } {
  const back = (value: number, start: number, from: number, to: number) =>
    Math.round((((value - start) * to) / from) * 1e6) / 1e6;
  return { x: back(x, offset.x, resized.width, image.width), y: back(y, offset.y, resized.height, image.height) };
}

export function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
