import { readFile, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Sharp } from "sharp";
import type { RgbImage, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { refuseIrregular } from "../files.ts";
import { requirePhoto } from "./photoFormat.ts";

/** Loaded with the first picture: most commands see none, and need not wait for them. */
const libraries = {
  async sharp() {
    const { default: sharp } = await import("sharp");
    // Every picture is read once: libvips' operation cache would only add to the peak memory that is measured.
    sharp.cache(false);
    return sharp;
  },
  pngjs: () => import("pngjs"),
};

/** A label a pixel, row-major: palette indices of an indexed PNG, grey values as stored of a grey one. */
export interface LabelImage {
  readonly size: Size;
  readonly labels: Uint8Array | Uint16Array;
}

/**
 * A JPEG, PNG or WebP file as 8-bit RGB, in the file's own orientation: annotations count stored pixels, so EXIF rotation is left alone.
 * Embedded colour profiles are ignored, as Pillow ignores them: applied, they change pixels by up to 135 levels (codec.test.ts).
 * Grey is repeated over the channels, CMYK is converted by libvips, alpha is dropped.
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

/** A JPEG of the given quality, 1 to 100. */
export async function encodeJpeg(image: RgbImage, quality: number): Promise<Buffer> {
  return (await raw(image)).jpeg({ quality }).toBuffer();
}

/** A WebP of the given quality, 1 to 100: for pictures that are only looked at. */
export async function encodeWebp(image: RgbImage, quality: number): Promise<Buffer> {
  return (await raw(image)).webp({ quality }).toBuffer();
}

/** Shrunk until no side is longer; smaller pictures stay as they are. For looking at: no model sees these pixels. */
export async function thumbnail(image: RgbImage, side: number): Promise<RgbImage> {
  const picture = await raw(image);
  const { data, info } = await picture
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { size: { height: info.height, width: info.width }, pixels: new Uint8Array(data) };
}

/** A PNG, without loss. */
export async function encodePng(image: RgbImage): Promise<Buffer> {
  return (await raw(image)).png().toBuffer();
}

/** A vector drawing as PNG, `scale` pixels for each of its own; fonts are those of the system. */
export async function svgToPng(svg: string, scale: number): Promise<Buffer> {
  const sharp = await libraries.sharp();
  // At 72 dots an inch libvips makes one pixel of each.
  return sharp(Buffer.from(svg), { density: 72 * scale })
    .flatten({ background: "#ffffff" })
    .png()
    .toBuffer();
}

/**
 * The labels of an indexed or grey mask PNG of 1 to 16 bits. A colour PNG is read if it holds greys alone; transparency is ignored.
 * Throws HarnessError if the file is missing, damaged, no PNG, or coloured.
 */
export async function readLabelPng(file: string): Promise<LabelImage> {
  const [bytes, { PNG }] = [await readBytes(file), await libraries.pngjs()];
  try {
    const png = PNG.sync.read(withoutColours(bytes), { skipRescale: true });
    return { size: { height: png.height, width: png.width }, labels: greyOf(file, png.data) };
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause;
    throw new HarnessError(`${file}: is no PNG that can be read`, {
      cause,
      hint: "masks are indexed or grey PNG files",
    });
  }
}

/** A grey PNG: 255 inside the mask, 0 outside. */
export async function writeMaskPng(file: string, bitmap: Uint8Array, { height, width }: Size): Promise<void> {
  const { PNG } = await libraries.pngjs();
  const png = new PNG({ height, width, colorType: 0, inputColorType: 0, inputHasAlpha: false });
  png.data = Buffer.from(bitmap.map((value) => (value === 0 ? 0 : 255)));
  await writeFile(file, PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false }));
}

/** Async, because sharp throws at once for an empty file and later for a damaged one. */
async function decode(bytes: Buffer) {
  const sharp = await libraries.sharp();
  const picture = sharp(bytes, { ignoreIcc: true, failOn: "truncated" });
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
      ...(missing ? {} : { found: cause.code }),
      hint: missing
        ? "does the data folder hold the pictures that the annotations name?"
        : "is it a file you may read?",
      cause,
    });
  });
}

function unreadable(file: string, cause: unknown): HarnessError {
  const reason = cause instanceof Error ? cause.message.replaceAll(/\s+/g, " ").trim() : String(cause);
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

/**
 * The PNG with its pixels' numbers as grey values. pngjs replaces indices by the palette's colours, and pixels of the
 * transparent colour by 0: so the indexed type is rewritten to grey, and the chunks that colour pixels are left out.
 */
function withoutColours(png: Buffer): Buffer {
  const kept = [png.subarray(0, 8)];
  for (let at = 8; at + 12 <= png.length; ) {
    const end = at + 12 + png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const chunk = png.subarray(at, end);
    if (type === "IHDR") kept.push(asGrey(chunk));
    else if (type !== "PLTE" && type !== "tRNS") kept.push(chunk);
    at = end;
  }
  return Buffer.concat(kept);
}

/**
 * Header chunk: length, type, width, height, bit depth, colour type (0 grey, 3 indexed), compression, filter, interlace, checksum.
 * A damaged one stays as it is, so that its checksum still tells.
 */
function asGrey(header: Buffer): Buffer {
  const [colourType, checksum] = [17, 21];
  if (header.length !== checksum + 4 || header[colourType] !== 3) return header;
  if (crc32(header.subarray(4, checksum)) !== header.readUInt32BE(checksum)) return header;
  const grey = Buffer.from(header);
  grey[colourType] = 0;
  grey.writeUInt32BE(crc32(grey.subarray(4, checksum)), checksum);
  return grey;
}

/** The red channel of RGBA, if green and blue are the same. */
function greyOf(file: string, rgba: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  const labels = rgba instanceof Uint16Array ? new Uint16Array(rgba.length / 4) : new Uint8Array(rgba.length / 4);
  for (let i = 0; i < labels.length; i++) {
    const value = rgba[4 * i]!;
    if (rgba[4 * i + 1] !== value || rgba[4 * i + 2] !== value) {
      throw new HarnessError(`${file}: the mask is a colour picture`, {
        expected: "an indexed or grey PNG with one number an object",
        hint: "save it as indexed (palette) or grey",
      });
    }
    labels[i] = value;
  }
  return labels;
}
