import type { Box, Geometry, ModelInput, ModelInputSpec, Prompt, RgbImage, Size, Tensor } from "../api.ts";
import { resizeBilinear, resizePillow } from "./resample.ts";
import { resizeAntialiased } from "./resizeAntialiased.ts";
import { resizeOpenCv } from "./resizeOpenCv.ts";
import { halfToEven, halfUp } from "./rounding.ts";

/**
 * Makes a model's input, [1, 3, height, width] of the model frame, of an image. The image is resized to fit, normalised, then
 * padded, in this order: what is left free holds `padValue` as it is. The geometry is that of prompts and masks.
 * Source: ResizeLongestSide and Sam.preprocess of segment_anything (pad), EfficientSam.preprocess and SAM2Transforms of sam2
 * (stretch), LetterBox of ultralytics (letterbox).
 */
export function prepare(image: RgbImage, spec: ModelInputSpec): ModelInput {
  const geometry = geometryOf(image.size, spec);
  const { padValue, promptSide } = spec;
  const { height, width } = geometry.frame;
  const data = new Float32Array(3 * height * width);
  const filled = geometry.resized.height === height && geometry.resized.width === width;
  if (!filled) fillPlanes(data, padValue);
  const { resize } = spec;
  if (resize === "bilinear" || resize === "bilinear-antialias")
    writePlanes(toPlanes[resize](image, geometry.resized), geometry, spec, data);
  else writeBytes(toBytes[resize](image, geometry.resized), geometry, spec, data);
  const tensor = { dims: [1, 3, height, width], data };
  if (promptSide === undefined) return { tensor, geometry };
  return { tensor, geometry: geometryOf(image.size, { ...spec, side: promptSide }) };
}

function fillPlanes(data: Float32Array, padValue: ModelInputSpec["padValue"]): void {
  const values = typeof padValue === "number" ? [padValue, padValue, padValue] : padValue;
  const plane = data.length / 3;
  for (const [channel, value] of values.entries()) data.fill(value, channel * plane, (channel + 1) * plane);
}

const toBytes = { "pillow-bilinear": resizePillow, "opencv-bilinear": resizeOpenCv } as const;
const toPlanes = { bilinear: resizeBilinear, "bilinear-antialias": resizeAntialiased } as const;

/** Returns where an image of this size lies in the model frame. No side becomes 0 px. */
export function geometryOf(
  image: Size,
  { side, fit, multipleOf }: Pick<ModelInputSpec, "side" | "fit" | "multipleOf">,
): Geometry {
  const square = { height: side, width: side };
  if (fit === "stretch") return { image, resized: square, offset: { x: 0, y: 0 }, frame: square };
  const scale = side / Math.max(image.height, image.width);
  const round = fit === "pad" ? halfUp : halfToEven;
  const resized = { height: Math.max(round(image.height * scale), 1), width: Math.max(round(image.width * scale), 1) };
  const padded = (length: number) => (multipleOf === undefined ? side : Math.ceil(length / multipleOf) * multipleOf);
  const frame = { height: padded(resized.height), width: padded(resized.width) };
  const centred = (free: number) => (fit === "letterbox" ? Math.floor(free / 2) : 0);
  const offset = { x: centred(frame.width - resized.width), y: centred(frame.height - resized.height) };
  return { image, resized, offset, frame };
}

/**
 * Moves a prompt from image pixels to the model frame. Each axis has its own scale, because both sides of the resized image are
 * rounded: 640 x 426 has 1.6 and 1.60094. The half pixel to a pixel's centre is the decoder's to add. Low-res logits pass as
 * they are.
 */
export function toModelFrame({ points, box, mask }: Prompt<"image">, geometry: Geometry): Prompt<"model"> {
  const { image, resized, offset } = geometry;
  const toX = (x: number) => x * (resized.width / image.width) + offset.x;
  const toY = (y: number) => y * (resized.height / image.height) + offset.y;
  const toBox = ({ x0, y0, x1, y1 }: Box): Box => ({ x0: toX(x0), y0: toY(y0), x1: toX(x1), y1: toY(y1) });
  return {
    frame: "model",
    points: points.map(({ x, y, label }) => ({ x: toX(x), y: toY(y), label })),
    box: box === undefined ? undefined : toBox(box),
    mask,
  };
}

/** Writes interleaved bytes into planes. A byte has 256 normalised values a channel, which are looked up. */
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
    const mean = spec.mean[channel]!;
    const std = spec.std[channel]!;
    for (let y = 0; y < height; y++, from += width) {
      const at = rowStart(geometry, channel, y);
      for (let x = 0; x < width; x++) data[at + x] = (planes[from + x]! - mean) / std;
    }
  }
}

function normalise(value: number, { mean, std }: ModelInputSpec, channel: number): number {
  return (value - mean[channel]!) / std[channel]!;
}

/** Returns where the image's row y begins in a plane of the model frame. */
function rowStart({ frame, offset }: Geometry, channel: number, y: number): number {
  return (channel * frame.height + y + offset.y) * frame.width + offset.x;
}
