import type { RgbImage, Size } from "../api.ts";
import { halfToEven } from "./rounding.ts";

/** Weights of one axis are whole 2048ths. */
const bits = 11;

/** One axis: output i is a blend of the inputs `near[i]` and `far[i]`. */
interface Axis {
  readonly near: Int32Array;
  readonly far: Int32Array;
  /** Two weights for each output, in parts of 2048. */
  readonly weights: Int32Array;
}

/**
 * Resizes as OpenCV's INTER_LINEAR on 8 bits, byte for byte: half-pixel centres, no antialiasing, weights in 11-bit fixed
 * point, rows first, and three roundings on the way. Halving both sides is another rule there: the mean of 2 x 2 pixels.
 * Source: OpenCV modules/imgproc/src/resize.cpp (resizeGeneric_, HResizeLinear, VResizeLinear, ResizeAreaFast).
 */
export function resizeOpenCv(image: RgbImage, size: Size): RgbImage {
  const { height, width } = image.size;
  if (height === size.height && width === size.width) return image;
  if (height === 2 * size.height && width === 2 * size.width) return halved(image, size);
  const pixels = new Uint8Array(3 * size.height * size.width);
  const rows = axisOf(height, size.height, "rows");
  const columns = axisOf(width, size.width, "columns");
  let upper = emptyRow(size);
  let lower = emptyRow(size);
  for (let y = 0, at = 0; y < size.height; y++) {
    const near = rows.near[y]!;
    const far = rows.far[y]!;
    // Going down, the row that was below is the next one above.
    if (upper.row !== near && lower.row === near) [upper, lower] = [lower, upper];
    if (upper.row !== near) blendRow(image, near, columns, upper);
    if (lower.row !== far) blendRow(image, far, columns, lower);
    const above = rows.weights[2 * y]!;
    const below = rows.weights[2 * y + 1]!;
    for (let i = 0; i < upper.line.length; i++, at++)
      pixels[at] = (((upper.line[i]! * above) >> 16) + ((lower.line[i]! * below) >> 16) + 2) >> 2;
  }
  return { size, pixels };
}

/** A row of the image that has the new width, and its number. */
interface BlendedRow {
  row: number;
  /** Values in 128ths of a grey level: the four last bits are dropped here, as they are there. */
  readonly line: Int32Array;
}

function emptyRow({ width }: Size): BlendedRow {
  return { row: -1, line: new Int32Array(3 * width) };
}

function blendRow({ size, pixels }: RgbImage, row: number, { near, far, weights }: Axis, into: BlendedRow): void {
  into.row = row;
  const start = 3 * row * size.width;
  for (let x = 0, at = 0; x < near.length; x++) {
    const left = start + 3 * near[x]!;
    const right = start + 3 * far[x]!;
    const a = weights[2 * x]!;
    const b = weights[2 * x + 1]!;
    for (let channel = 0; channel < 3; channel++, at++)
      into.line[at] = (pixels[left + channel]! * a + pixels[right + channel]! * b) >> 4;
  }
}

/**
 * Computes the weights of one axis. Positions are rounded to float32 once. Beyond the border, columns take the last pixel
 * whole; rows keep their two weights, both on the last row, and round each.
 */
function axisOf(inputs: number, outputs: number, axis: "rows" | "columns"): Axis {
  const scale = 1 / (outputs / inputs);
  const near = new Int32Array(outputs);
  const far = new Int32Array(outputs);
  const weights = new Int32Array(2 * outputs);
  for (let i = 0; i < outputs; i++) {
    const source = Math.fround((i + 0.5) * scale - 0.5);
    const first = Math.floor(source);
    const beyond = axis === "columns" && (first < 0 || first >= inputs - 1);
    const share = beyond ? 0 : Math.fround(source - first);
    near[i] = Math.min(Math.max(first, 0), inputs - 1);
    far[i] = Math.min(Math.max(beyond ? first : first + 1, 0), inputs - 1);
    weights[2 * i] = halfToEven(Math.fround(1 - share) * (1 << bits));
    weights[2 * i + 1] = halfToEven(share * (1 << bits));
  }
  return { near, far, weights };
}

function halved({ size: from, pixels: all }: RgbImage, size: Size): RgbImage {
  const pixels = new Uint8Array(3 * size.height * size.width);
  const stride = 3 * from.width;
  for (let y = 0, at = 0; y < size.height; y++)
    for (let x = 0; x < size.width; x++)
      for (let channel = 0; channel < 3; channel++, at++) {
        const first = 2 * y * stride + 6 * x + channel;
        pixels[at] = (all[first]! + all[first + 3]! + all[first + stride]! + all[first + stride + 3]! + 2) >> 2;
      }
  return { size, pixels };
}
