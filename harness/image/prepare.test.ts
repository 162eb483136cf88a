import { expect, test } from "vitest";
import type { ModelInputSpec, Prompt, RgbImage } from "../api.ts";
import { geometryOf, prepare, toModelFrame } from "./prepare.ts";
import { resizeBilinear, resizePillow } from "./resample.ts";
import { resizeOpenCv } from "./resizeOpenCv.ts";

const sam: ModelInputSpec = {
  side: 64,
  fit: "pad",
  resize: "pillow-bilinear",
  padValue: 0,
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
};

function imageOf(height: number, width: number): RgbImage {
  return {
    size: { height, width },
    pixels: Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 7919) % 251),
  };
}

test.each([
  [426, 640, 682, 1024],
  [480, 640, 768, 1024],
  [500, 333, 1024, 682],
  [1024, 1024, 1024, 1024],
  [1500, 1999, 768, 1024],
])("an image of %i x %i is resized to %i x %i in SAM's frame", (height, width, resizedHeight, resizedWidth) => {
  const geometry = geometryOf({ height, width }, { side: 1024, fit: "pad" });
  expect(geometry.resized).toEqual({ height: resizedHeight, width: resizedWidth });
  expect(geometry.offset).toEqual({ x: 0, y: 0 });
});

test("no side of a thin image becomes 0 px", () => {
  expect(geometryOf({ height: 1, width: 3000 }, { side: 1024, fit: "pad" }).resized).toEqual({
    height: 1,
    width: 1024,
  });
});

test("a stretched image fills the frame", () => {
  const { resized } = geometryOf({ height: 426, width: 640 }, { side: 1024, fit: "stretch" });
  expect(resized).toEqual({ height: 1024, width: 1024 });
});

test("a letterboxed image lies in the middle, the odd pixel after it", () => {
  const wide = geometryOf({ height: 427, width: 640 }, { side: 1024, fit: "letterbox" });
  expect(wide).toMatchObject({ resized: { height: 683, width: 1024 }, offset: { x: 0, y: 170 } });
  const half = geometryOf({ height: 2048, width: 1001 }, { side: 1024, fit: "letterbox" });
  // Python rounds 500.5 to even.
  expect(half).toMatchObject({ resized: { height: 1024, width: 500 }, offset: { x: 262, y: 0 } });
});

test.each([
  [480, 640, 768, 1024],
  [427, 640, 704, 1024],
  [640, 634, 1024, 1024],
  [1, 3000, 32, 1024],
])("padded to multiples of 32, the frame of %i x %i is %i x %i", (height, width, frameHeight, frameWidth) => {
  const { frame, resized, offset } = geometryOf({ height, width }, { side: 1024, fit: "letterbox", multipleOf: 32 });
  expect(frame).toEqual({ height: frameHeight, width: frameWidth });
  expect(offset.y).toBe(Math.floor((frame.height - resized.height) / 2));
  expect(offset.x).toBe(Math.floor((frame.width - resized.width) / 2));
});

test("an oblong frame holds OpenCV's bytes in its middle", () => {
  const image = imageOf(30, 40);
  const spec = { ...sam, fit: "letterbox", multipleOf: 32, resize: "opencv-bilinear", padValue: 0.5 } as const;
  const { tensor, geometry } = prepare(image, { ...spec, side: 48, mean: [0, 0, 0], std: [255, 255, 255] });
  expect(tensor.dims).toEqual([1, 3, 64, 64]);
  expect(geometry).toMatchObject({ resized: { height: 36, width: 48 }, offset: { x: 8, y: 14 } });
  const { pixels } = resizeOpenCv(image, geometry.resized);
  tensor.data.forEach((value, i) => {
    const channel = Math.floor(i / 4096);
    const y = (Math.floor(i / 64) % 64) - 14;
    const x = (i % 64) - 8;
    const inside = x >= 0 && x < 48 && y >= 0 && y < 36;
    expect(value).toBe(inside ? Math.fround(pixels[3 * (48 * y + x) + channel]! / 255) : 0.5);
  });
});

test("SAM's input is normalised, then padded: what is free is 0 itself", () => {
  const image = imageOf(30, 40);
  const { tensor, geometry } = prepare(image, sam);
  expect(tensor.dims).toEqual([1, 3, 64, 64]);
  expect(geometry.resized).toEqual({ height: 48, width: 64 });
  const resized = resizePillow(image, geometry.resized).pixels;
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 64; x++) {
        const byte = resized[3 * (y * 64 + x) + channel]!;
        const expected = y < 48 ? Math.fround((byte - sam.mean[channel]!) / sam.std[channel]!) : 0;
        expect(tensor.data[(channel * 64 + y) * 64 + x]).toBe(expected);
      }
    }
  }
});

test("EfficientSAM's input is interpolated in float and fills the frame", () => {
  const image = imageOf(30, 40);
  const { tensor } = prepare(image, { ...sam, fit: "stretch", resize: "bilinear" });
  const planes = resizeBilinear(image, { height: 64, width: 64 });
  const expected = planes.map((value, i) => (value - sam.mean[Math.floor(i / 4096)]!) / sam.std[Math.floor(i / 4096)]!);
  expect(tensor.data).toEqual(expected);
});

test("a letterbox is filled with the pad value on both sides", () => {
  const spec: ModelInputSpec = { ...sam, fit: "letterbox", padValue: 0.5, mean: [0, 0, 0], std: [255, 255, 255] };
  const white: RgbImage = { size: { height: 40, width: 20 }, pixels: new Uint8Array(2400).fill(255) };
  const { tensor, geometry } = prepare(white, spec);
  expect(geometry).toMatchObject({ resized: { height: 64, width: 32 }, offset: { x: 16, y: 0 } });
  tensor.data.forEach((value, i) => {
    const x = i % 64;
    expect(value).toBe(x >= 16 && x < 48 ? 1 : 0.5);
  });
});

test("each axis has its own scale, and labels and low-res logits pass", () => {
  const mask = { dims: [1, 4, 4], data: new Float32Array(16) };
  const prompt: Prompt<"image"> = {
    frame: "image",
    points: [{ x: 320, y: 213, label: 0 }],
    box: { x0: 0, y0: 0, x1: 640, y1: 426 },
    mask,
  };
  const found = toModelFrame(prompt, geometryOf({ height: 426, width: 640 }, { side: 1024, fit: "pad" }));
  expect(found).toEqual({
    frame: "model",
    points: [{ x: 512, y: 341, label: 0 }],
    box: { x0: 0, y0: 0, x1: 1024, y1: 682 },
    mask,
  });
  expect(found.mask).toBe(mask);
});

test("an offset moves prompts with the image", () => {
  const geometry = geometryOf({ height: 40, width: 20 }, { side: 64, fit: "letterbox" });
  const { points } = toModelFrame({ frame: "image", points: [{ x: 10, y: 10, label: 1 }] }, geometry);
  expect(points).toEqual([{ x: 32, y: 16, label: 1 }]);
});

test("a prompt without box and mask gets neither", () => {
  const geometry = geometryOf({ height: 40, width: 20 }, { side: 64, fit: "pad" });
  expect(toModelFrame({ frame: "image", points: [] }, geometry)).toEqual({ frame: "model", points: [] });
});
