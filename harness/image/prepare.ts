import type { Box, Geometry, ModelInput, ModelInputSpec, Prompt, RgbImage, Size, Tensor } from "../api.ts";
import { resizeBilinear, resizePillow } from "./resample.ts";

/**
 * Image → [1, 3, side, side]: resized to fit, normalised, then padded, in this order: what is left free holds `padValue` as it is.
 * Source: ResizeLongestSide and Sam.preprocess of segment_anything (pad), EfficientSam.preprocess (stretch), LetterBox of ultralytics (letterbox).
 */
export function prepare(image: RgbImage, spec: ModelInputSpec): ModelInput {
  const geometry = geometryOf(image.size, spec);
  const { side, padValue } = spec;
  const data = new Float32Array(3 * side * side);
  const filled = geometry.resized.height === side && geometry.resized.width === side;
  if (!filled && padValue !== 0) data.fill(padValue);
  if (spec.resize === "pillow-bilinear") writeBytes(resizePillow(image, geometry.resized), geometry, spec, data);
  else writePlanes(resizeBilinear(image, geometry.resized), geometry, spec, data);
  return { tensor: { dims: [1, 3, side, side], data }, geometry };
}

/** Where an image of this size lies in the model frame. No side becomes 0 px. */
export function geometryOf(image: Size, { side, fit }: Pick<ModelInputSpec, "side" | "fit">): Geometry {
  if (fit === "stretch") return { image, resized: { height: side, width: side }, offset: { x: 0, y: 0 }, side };
  const scale = side / Math.max(image.height, image.width);
  const round = fit === "pad" ? halfUp : halfToEven;
  const resized = { height: Math.max(round(image.height * scale), 1), width: Math.max(round(image.width * scale), 1) };
  const centred = (length: number) => (fit === "letterbox" ? Math.floor((side - length) / 2) : 0);
  return { image, resized, offset: { x: centred(resized.width), y: centred(resized.height) }, side };
}

/**
 * Image pixels → model frame. Each axis has its own scale, because both sides of the resized image are rounded:
 * 640 x 426 has 1.6 and 1.60094. The half pixel to a pixel's centre is the decoder's to add. Low-res logits pass as they are.
 */
export function toModelFrame({ points, box, mask }: Prompt<"image">, geometry: Geometry): Prompt<"model"> {
  const { image, resized, offset } = geometry;
  const toX = (x: number) => x * (resized.width / image.width) + offset.x;
  const toY = (y: number) => y * (resized.height / image.height) + offset.y;
  const toBox = ({ x0, y0, x1, y1 }: Box): Box => ({ x0: toX(x0), y0: toY(y0), x1: toX(x1), y1: toY(y1) });
  return {
    frame: "model",
    points: points.map(({ x, y, label }) => ({ x: toX(x), y: toY(y), label })),
    ...(box === undefined ? {} : { box: toBox(box) }),
    ...(mask === undefined ? {} : { mask }),
  };
}

/** Interleaved bytes into planes; a byte has 256 normalised values a channel, looked up. */
function writeBytes({ size, pixels }: RgbImage, geometry: Geometry, spec: ModelInputSpec, data: Float32Array): void {
  for (let channel = 0; channel < 3; channel++) {
    const normalised = Float32Array.from({ length: 256 }, (_, value) => normalise(value, spec, channel));
    for (let y = 0; y < size.height; y++) {
      const at = rowStart(geometry, channel, y);
      const from = 3 * y * size.width + channel;
      for (let x = 0; x < size.width; x++) data[at + x] = normalised[pixels[from + 3 * x]!]!;
    }
  }
}

function writePlanes(planes: Float32Array, geometry: Geometry, spec: ModelInputSpec, data: Tensor["data"]): void {
  const { height, width } = geometry.resized;
  for (let channel = 0, from = 0; channel < 3; channel++) {
    const [mean, std] = [spec.mean[channel]!, spec.std[channel]!];
    for (let y = 0; y < height; y++, from += width) {
      const at = rowStart(geometry, channel, y);
      for (let x = 0; x < width; x++) data[at + x] = (planes[from + x]! - mean) / std;
    }
  }
}

function normalise(value: number, { mean, std }: ModelInputSpec, channel: number): number {
  return (value - mean[channel]!) / std[channel]!;
}

/** Where the image's row y begins in a plane of the model frame. */
function rowStart({ side, offset }: Geometry, channel: number, y: number): number {
  return (channel * side + y + offset.y) * side + offset.x;
}

function halfUp(length: number): number {
  return Math.floor(length + 0.5);
}

/** Python's round, which ultralytics' LetterBox uses. */
function halfToEven(length: number): number {
  const below = Math.floor(length);
  if (length - below !== 0.5) return Math.round(length);
  return below % 2 === 0 ? below : below + 1;
}
