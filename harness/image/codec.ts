import { closeSync, readSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { Sharp } from "sharp";
import type { RgbImage, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { openRegularFile, refuseIrregular } from "../files.ts";
import { limits } from "../limits.ts";
import { decodeLabelPng, type LabelImage } from "./labelPng.ts";
import { requirePhoto } from "./photoFormat.ts";

/** Loads the codec with the first picture: most commands see none, and need not wait for it. */
const libraries = {
  async sharp() {
    const { default: sharp } = await import("sharp");
    // Every picture is read once: libvips' operation cache would only add to the peak memory that is measured.
    sharp.cache(false);
    return sharp;
  },
  pngjs: () => import("pngjs"),
};

/**
 * Decodes a JPEG, PNG or WebP file to 8-bit RGB, in the file's own orientation: annotations count stored pixels, so EXIF
 * rotation is left alone. Embedded colour profiles are ignored, as Pillow ignores them: applied, they change pixels by up to
 * 135 levels (codec.test.ts). Grey is repeated over the channels, CMYK is converted by libvips, alpha is dropped.
 * Throws HarnessError if the file is missing, cut short, another kind of picture or none, or not of the `expected` size.
 */
export async function readImage(file: string, expected?: Size): Promise<RgbImage> {
  const bytes = await readBytes(file);
  requirePhoto(file, bytes);
  const { data, info } = await decode(bytes).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  const size = { height: info.height, width: info.width };
  if (expected !== undefined) requireSize(file, size, expected);
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { size, pixels: info.channels === 3 ? pixels : repeated(pixels) };
}

/** Reads the size of a photo from its header, without its pixels. Throws HarnessError as readImage does, but for a photo cut short. */
export async function readImageSize(file: string): Promise<Size> {
  const head = readHead(file);
  requirePhoto(file, head);
  const sharp = await libraries.sharp();
  const { height, width } = await sharp(file, { limitInputPixels: limits.imagePixels })
    .metadata()
    .catch((cause: unknown) => {
      throw unreadable(file, cause);
    });
  return { height, width };
}

/** Encodes an image as JPEG of the given quality, 1 to 100. */
export async function encodeJpeg(image: RgbImage, quality: number): Promise<Buffer> {
  return (await raw(image)).jpeg({ quality }).toBuffer();
}

/** Encodes an image as WebP of the given quality, 1 to 100, for pictures that are only looked at. */
export async function encodeWebp(image: RgbImage, quality: number): Promise<Buffer> {
  return (await raw(image)).webp({ quality }).toBuffer();
}

/**
 * Shrinks an image until no side is longer; a smaller image stays as it is. It is for looking at: no model sees these pixels.
 */
export async function thumbnail(image: RgbImage, side: number): Promise<RgbImage> {
  const picture = await raw(image);
  const { data, info } = await picture
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { size: { height: info.height, width: info.width }, pixels: new Uint8Array(data) };
}

/** Encodes an image as PNG, without loss. */
export async function encodePng(image: RgbImage): Promise<Buffer> {
  return (await raw(image)).png().toBuffer();
}

/** Draws a vector drawing as PNG, `scale` pixels for each of its own. Fonts are those of the system. */
export async function svgToPng(svg: string, scale: number): Promise<Buffer> {
  const sharp = await libraries.sharp();
  // At 72 dots an inch libvips makes one pixel of each.
  return sharp(Buffer.from(svg), { density: 72 * scale })
    .flatten({ background: "#ffffff" })
    .png()
    .toBuffer();
}

/**
 * Reads the labels of an indexed or grey mask PNG of 1 to 16 bits. A colour PNG is read if it holds greys alone; transparency
 * is ignored.
 * Throws HarnessError if the file is missing, damaged, no PNG, or coloured.
 */
export async function readLabelPng(file: string): Promise<LabelImage> {
  return decodeLabelPng(await readBytes(file), file);
}

/** Encodes a mask as grey PNG: 255 inside the mask, 0 outside. */
export async function writeMaskPng(file: string, bitmap: Uint8Array, { height, width }: Size): Promise<void> {
  const { PNG } = await libraries.pngjs();
  const png = new PNG({ height, width, colorType: 0, inputColorType: 0, inputHasAlpha: false });
  png.data = Buffer.from(bitmap.map((value) => (value === 0 ? 0 : 255)));
  await writeFile(file, PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false }));
}

/** Async, because sharp throws at once for an empty file and later for a damaged one. */
async function decode(bytes: Buffer) {
  const sharp = await libraries.sharp();
  const picture = sharp(bytes, { ignoreIcc: true, failOn: "truncated", limitInputPixels: limits.imagePixels });
  return await picture
    .toColourspace("srgb")
    .removeAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
}

async function readBytes(file: string): Promise<Buffer> {
  refuseIrregular(file);
  return await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === "ENOENT";
    throw new HarnessError(`${file}: ${missing ? "no such file" : "can not be read"}`, {
      found: missing ? undefined : cause.code,
      hint: missing
        ? "does the data folder hold the pictures that the annotations name?"
        : "is it a file you may read?",
      cause,
    });
  });
}

/** Reads the bytes that tell what kind of picture a file is. */
function readHead(file: string): Buffer {
  const descriptor = openRegularFile(file);
  try {
    const head = Buffer.alloc(1024);
    return head.subarray(0, readSync(descriptor, head));
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(file: string, cause: unknown): HarnessError {
  const reason = cause instanceof Error ? cause.message.replaceAll(/\s+/g, " ").trim() : String(cause);
  if (/exceeds pixel limit/.test(reason))
    return new HarnessError(`${file}: the picture has more pixels than are read`, {
      expected: `at most ${limits.imagePixels} px`,
      cause,
    });
  return new HarnessError(`${file}: the picture is damaged or cut short`, {
    found: reason,
    expected: "a whole JPEG, PNG or WebP file",
    hint: "copy or download it again",
    cause,
  });
}

function requireSize(file: string, found: Size, expected: Size): void {
  if (found.height === expected.height && found.width === expected.width) return;
  throw new HarnessError(`${file}: the picture has another size than its annotations`, {
    found: `${found.width} x ${found.height}`,
    expected: `${expected.width} x ${expected.height}`,
    hint: "was it resized or rotated? masks fit the original files alone",
  });
}

function repeated(grey: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(grey.length * 3);
  for (let i = 0; i < grey.length; i++) pixels.fill(grey[i]!, 3 * i, 3 * i + 3);
  return pixels;
}

async function raw({ size, pixels }: RgbImage): Promise<Sharp> {
  const sharp = await libraries.sharp();
  return sharp(pixels, { raw: { width: size.width, height: size.height, channels: 3 } });
}
