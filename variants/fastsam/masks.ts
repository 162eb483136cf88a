import type { Box, Geometry, Rle, Size, Tensor } from "../../harness/api.ts";
import { halfToEven } from "../../harness/image/rounding.ts";
import { type AxisOperator, type UpscaleOperator, upscaleOperator } from "../../harness/mask/upscale/interpolation.ts";
import { Scanner } from "../../harness/mask/upscale/scanner.ts";
import { prototypes as channels, prototypeStride } from "./config.ts";
import type { Detection } from "./detections.ts";
import { clamp } from "./letterbox.ts";

/**
 * Returns the mask of each detection at image size: the prototypes' blend, cut to the image, interpolated, logits above 0, cut
 * to the box. Nothing is computed outside of the box. `prototypes` is [1, 32, rows, columns], a quarter of the model frame;
 * `coefficients` [1, 32, anchors].
 * Source: process_mask_native and crop_mask of ultralytics/utils/ops.py, which retina_masks=True chooses.
 */
export function masksOf(
  detections: readonly Detection[],
  { prototypes, coefficients }: { readonly prototypes: Tensor; readonly coefficients: Tensor },
  geometry: Geometry,
): readonly Rle[] {
  const operator = operatorOf({ height: prototypes.dims[2]!, width: prototypes.dims[3]! }, geometry);
  const anchors = coefficients.dims[2]!;
  return detections.map(({ anchor, cut }) => {
    const pixels = pixelsOf(cut, geometry);
    if (pixels.x0 >= pixels.x1 || pixels.y0 >= pixels.y1) return emptyMask(geometry);
    const rows = partOf(operator.rows, pixels.y0, pixels.y1);
    const columns = partOf(operator.columns, pixels.x0, pixels.x1);
    const blend = Float64Array.from({ length: channels }, (_, k) => coefficients.data[k * anchors + anchor]!);
    const logits = blended(prototypes, blend, { rows, columns });
    const image = { height: pixels.y1 - pixels.y0, width: pixels.x1 - pixels.x0 };
    const part = { image, rows: rows.operator, columns: columns.operator, overshoots: false };
    const inside = new Scanner(part, Math.sqrt(logits.length)).above(logits, 0);
    return placed(inside, pixels, geometry.image);
  });
}

export function emptyMask({ image }: Geometry): Rle {
  return { size: image, counts: Uint32Array.of(image.height * image.width) };
}

/** Returns the pixels of a box: a pixel belongs to it where its index does, not its centre. */
function pixelsOf({ x0, y0, x1, y1 }: Box, { image }: Geometry): Box {
  const column = (x: number) => clamp(Math.ceil(x), image.width);
  const row = (y: number) => clamp(Math.ceil(y), image.height);
  return { x0: column(x0), y0: row(y0), x1: column(x1), y1: row(y1) };
}

/**
 * Returns the operator that leads from the prototypes to the image, a row and a column at a time: enlarged by 1, 2 or 4 until
 * the photo begins and ends with whole pixels, cut to the photo, interpolated to the image. Source: process_mask_native and
 * scale_masks.
 */
function operatorOf({ height, width }: Size, geometry: Geometry): UpscaleOperator {
  const { image, resized, frame } = geometry;
  const times = timesLarger(frame.height - resized.height, frame.width - resized.width);
  const large = { height: times * height, width: times * width };
  const gain = Math.min(large.height / image.height, large.width / image.width);
  const photo = { height: lengthOf(image.height * gain), width: lengthOf(image.width * gain) };
  const offset = {
    x: halfToEven((large.width - photo.width) / 2 - 0.1),
    y: halfToEven((large.height - photo.height) / 2 - 0.1),
  };
  const enlarged: Geometry = { image, resized: photo, offset, frame: large };
  const spec = { path: "model-frame", interpolation: "bilinear", threshold: ">0" } as const;
  const { rows } = upscaleOperator(height, enlarged, spec);
  const { columns } = upscaleOperator(width, enlarged, spec);
  return { image, rows, columns, overshoots: false };
}

/**
 * Returns how many times larger the prototypes have to be, so that both borders of the padding fall between pixels; half of the
 * padding lies on either side.
 */
function timesLarger(rows: number, columns: number): number {
  const padding = rows | columns;
  const halves = padding | (padding >> 1);
  return halves % 2 === 1 ? prototypeStride : halves % 4 === 2 ? prototypeStride / 2 : 1;
}

function lengthOf(exact: number): number {
  return Math.max(halfToEven(exact), 1);
}

/** Part of an axis: the operator of some of its outputs, and the inputs that these see. */
interface Part {
  readonly operator: AxisOperator;
  readonly start: number;
  readonly length: number;
}

function partOf({ taps, first, weights }: AxisOperator, start: number, end: number): Part {
  const from = first[start]!;
  const to = first[end - 1]! + taps;
  const shifted = first.subarray(start, end).map((index) => index - from);
  const operator = { taps, first: shifted, weights: weights.subarray(start * taps, end * taps) };
  return { operator, start: from, length: to - from };
}

/**
 * Blends the prototypes where the box needs them, into the corner of a square. It takes four prototypes at a time, since
 * storing a sum costs as much as a product.
 */
function blended(
  { data, dims }: Tensor,
  blend: Float64Array,
  { rows, columns }: { readonly rows: Part; readonly columns: Part },
): Float32Array {
  const [, , height, width] = dims as [number, number, number, number];
  const plane = height * width;
  const square = Math.max(rows.length, columns.length);
  const logits = new Float32Array(square * square);
  const sums = new Float64Array(columns.length);
  for (let y = 0; y < rows.length; y++) {
    sums.fill(0);
    for (let k = 0; k < blend.length; k += 4) {
      const a = blend[k]!;
      const b = blend[k + 1]!;
      const c = blend[k + 2]!;
      const d = blend[k + 3]!;
      const first = k * plane + (rows.start + y) * width + columns.start;
      const second = first + plane;
      const third = first + 2 * plane;
      const fourth = first + 3 * plane;
      for (let x = 0; x < columns.length; x++)
        sums[x]! += a * data[first + x]! + b * data[second + x]! + c * data[third + x]! + d * data[fourth + x]!;
    }
    logits.set(sums, y * square);
  }
  return logits;
}

/**
 * Turns a mask of the box's size into one of the image's: runs down a column of the box are runs down a column of the image.
 */
function placed({ size: { height }, counts }: Rle, { x0, y0 }: Box, size: Size): Rle {
  const runs: number[] = [];
  let end = 0;
  for (let i = 1, at = counts[0]!; i < counts.length; i += 2) {
    for (let left = counts[i]!; left > 0; ) {
      const row = at % height;
      const run = Math.min(left, height - row);
      const start = (x0 + (at - row) / height) * size.height + y0 + row;
      // A box as high as the image: the column before ends where this one starts.
      if (start === end && runs.length > 0) runs.push(runs.pop()! + run);
      else runs.push(start - end, run);
      end = start + run;
      at += run;
      left -= run;
    }
    at += counts[i + 1] ?? 0;
  }
  const total = size.height * size.width;
  if (end < total) runs.push(total - end);
  return { size, counts: Uint32Array.from(runs) };
}
