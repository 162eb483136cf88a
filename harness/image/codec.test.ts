import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { PNG } from "pngjs";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RgbImage } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { shared } from "../shared.ts";
import { encodeJpeg, encodePng, readImage, readLabelPng, svgToPng, writeMaskPng } from "./codec.ts";
import photos from "./fixtures/resize_photos.json" with { type: "json" };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "codec-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const size = { height: 3, width: 4 };
const image: RgbImage = { size, pixels: Uint8Array.from({ length: 36 }, (_, i) => (i * 37) % 256) };

/** Smooth, so that JPEG keeps it nearly as it is. */
const ramp: RgbImage = {
  size: { height: 32, width: 48 },
  pixels: Uint8Array.from({ length: 32 * 48 * 3 }, (_, i) => 40 + Math.floor(i / 3 / 48) * 4 + (i % 3) * 10),
};

async function stored(name: string, bytes: Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, bytes);
  return file;
}

function rawImage({ size, pixels }: RgbImage) {
  return sharp(pixels, { raw: { ...size, channels: 3 } });
}

async function failure(promise: Promise<unknown>): Promise<HarnessError> {
  const error: unknown = await promise.then(
    () => undefined,
    (cause) => cause,
  );
  expect(error).toBeInstanceOf(HarnessError);
  return error as HarnessError;
}

test.skipIf(shared === undefined)("JPEG photos are decoded as by Pillow, byte for byte", async () => {
  for (const { file, height, width, decoded_sha256 } of photos) {
    const { pixels } = await readImage(join(shared!, "realset", "images", file), { height, width });
    expect({ file, sha256: createHash("sha256").update(pixels).digest("hex") }).toEqual({
      file,
      sha256: decoded_sha256,
    });
  }
});

test.skipIf(shared === undefined)(
  "an embedded colour profile, were it applied, would change a photo by up to 135 levels",
  async () => {
    const images = join(shared!, "realset", "images");
    let changed = 0;
    let furthest = 0;
    for (const name of (await readdir(images)).filter((file) => file.endsWith(".jpg"))) {
      const file = join(images, name);
      if ((await sharp(file).metadata()).icc === undefined) continue;
      const { pixels } = await readImage(file);
      const applied = await sharp(file).toColourspace("srgb").raw().toBuffer();
      const difference = pixels.reduce((most, value, i) => Math.max(most, Math.abs(value - (applied[i] ?? value))), 0);
      if (difference > 0) changed++;
      furthest = Math.max(furthest, difference);
    }
    expect({ changed, furthest }).toEqual({ changed: 11, furthest: 135 });
  },
);

test("PNG and lossless WebP come back as they were written", async () => {
  const png = await stored("rgb.png", await encodePng(image));
  const webp = await stored("rgb.webp", await rawImage(image).webp({ lossless: true }).toBuffer());
  expect(await readImage(png, size)).toEqual(image);
  expect(await readImage(webp, size)).toEqual(image);
});

test("a JPEG of quality 95 comes back within a few levels", async () => {
  const { pixels, size: found } = await readImage(await stored("ramp.jpg", await encodeJpeg(ramp, 95)));
  expect(found).toEqual(ramp.size);
  expect(Math.max(...pixels.map((value, i) => Math.abs(value - ramp.pixels[i]!)))).toBeLessThanOrEqual(4);
});

test("a lower JPEG quality makes a smaller file", async () => {
  expect((await encodeJpeg(image, 10)).length).toBeLessThan((await encodeJpeg(image, 100)).length);
});

test.each(["jpeg", "png"] as const)("grey %s files become three equal channels", async (format) => {
  const bytes = await rawImage(ramp).greyscale().toFormat(format).toBuffer();
  const { pixels, size: found } = await readImage(await stored(`grey.${format}`, bytes));
  expect(found).toEqual(ramp.size);
  expect(pixels).toHaveLength(32 * 48 * 3);
  expect(pixels.every((value, i) => value === pixels[i - (i % 3)])).toBe(true);
  expect(pixels[pixels.length - 1]).toBeGreaterThan(pixels[0]!);
});

test("alpha is dropped and the colour under it kept", async () => {
  const rgba = Uint8Array.from({ length: 48 }, (_, i) =>
    i % 4 === 3 ? (i * 5) % 256 : image.pixels[i - Math.floor(i / 4)]!,
  );
  const bytes = await sharp(rgba, { raw: { ...size, channels: 4 } })
    .png()
    .toBuffer();
  expect(await readImage(await stored("rgba.png", bytes))).toEqual(image);
});

test("a CMYK JPEG becomes RGB", async () => {
  const bytes = await rawImage(ramp).toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer();
  expect((await sharp(bytes).metadata()).space).toBe("cmyk");
  const { pixels, size: found } = await readImage(await stored("cmyk.jpg", bytes));
  expect(found).toEqual(ramp.size);
  expect(pixels).toHaveLength(32 * 48 * 3);
  expect(pixels[pixels.length - 1]).toBeGreaterThan(pixels[0]! + 50);
});

test("EXIF rotation is left alone, because annotations count stored pixels", async () => {
  const bytes = await rawImage(ramp).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect((await sharp(bytes).metadata()).orientation).toBe(6);
  expect((await readImage(await stored("turned.jpg", bytes))).size).toEqual(ramp.size);
});

test("a missing file is named with a hint", async () => {
  const error = await failure(readImage(join(folder, "none.jpg")));
  expect(error.message).toMatch(/none\.jpg: no such file$/);
  expect(error.hint).toMatch(/data folder/);
});

test.each(["jpeg", "png"] as const)("a %s file cut short is refused", async (format) => {
  const noise: RgbImage = { ...ramp, pixels: ramp.pixels.map((_, i) => (i * 7919) % 251) };
  const bytes = await rawImage(noise).toFormat(format).toBuffer();
  const error = await failure(readImage(await stored(`cut.${format}`, bytes.subarray(0, bytes.length * 0.6))));
  expect(error.message).toMatch(/the picture is damaged or cut short \(found /);
});

test.each(["<html>not found</html>", ""])("a file that is no picture is refused: %j", async (text) => {
  const error = await failure(readImage(await stored("page.jpg", Buffer.from(text))));
  expect(error.message).toMatch(/page\.jpg: is no picture \(found .*, expected a JPEG, PNG or WebP file\)/);
});

test("another size than the annotations' is refused with both", async () => {
  const file = await stored("small.png", await encodePng(image));
  const error = await failure(readImage(file, { height: 4, width: 3 }));
  expect(error.message).toBe(
    `${file}: the picture has another size than its annotations (found 4 x 3, expected 3 x 4)`,
  );
  expect(error.hint).toMatch(/resized or rotated/);
});

test("an indexed PNG gives palette indices, not colours", async () => {
  const file = await stored("indexed.png", indexedPng([0, 1, 2, 3, 1, 1], { height: 2, width: 3 }));
  const shown = await readImage(file);
  expect([...shown.pixels.subarray(0, 9)]).toEqual([200, 0, 0, 0, 200, 0, 200, 0, 0]);
  expect(await readLabelPng(file)).toEqual({
    size: { height: 2, width: 3 },
    labels: Uint8Array.of(0, 1, 2, 3, 1, 1),
  });
});

test("a grey PNG of 16 bits gives its values as stored", async () => {
  const values = Uint16Array.of(0, 1, 300, 65535);
  const png = new PNG({ height: 2, width: 2 });
  png.data = Buffer.from(values.buffer);
  const options = { bitDepth: 16, colorType: 0, inputColorType: 0, inputHasAlpha: false } as const;
  const { labels } = await readLabelPng(await stored("deep.png", PNG.sync.write(png, options)));
  expect([...labels]).toEqual([...values]);
});

test("a mask is written as 0 and 255 and read back", async () => {
  const bitmap = Uint8Array.of(0, 1, 1, 0, 1, 0);
  const file = join(folder, "mask.png");
  await writeMaskPng(file, bitmap, { height: 2, width: 3 });
  expect(await readLabelPng(file)).toEqual({
    size: { height: 2, width: 3 },
    labels: bitmap.map((value) => value * 255),
  });
});

test("a mask saved as a grey picture in colour is read, one with colours is refused", async () => {
  const grey = { size, pixels: Uint8Array.from({ length: 36 }, (_, i) => Math.floor(i / 3)) };
  const { labels } = await readLabelPng(await stored("grey3.png", await encodePng(grey)));
  expect([...labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const error = await failure(readLabelPng(await stored("colour.png", await encodePng(image))));
  expect(error.message).toMatch(/colour\.png: the mask is a colour picture/);
});

test("a damaged mask PNG and a JPEG are refused", async () => {
  const png = indexedPng([0, 1, 2, 3, 1, 1], { height: 2, width: 3 });
  const flipped = Buffer.from(png);
  flipped[20]! ^= 1;
  for (const bytes of [png.subarray(0, 60), flipped, await encodeJpeg(ramp, 90)]) {
    const error = await failure(readLabelPng(await stored("bad.png", bytes)));
    expect(error.message).toMatch(/bad\.png: is no PNG that can be read/);
  }
});

/** Makes a PNG by hand, 2 bits a pixel, entries 0 and 2 of the palette alike, entry 1 transparent. */
function indexedPng(indices: readonly number[], { height, width }: RgbImage["size"]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([2, 3, 0, 0, 0], 8);
  const rows = Array.from({ length: height }, (_, y) => {
    const row = indices.slice(y * width, (y + 1) * width);
    return [0, row.reduce((byte, index, x) => byte | (index << (6 - 2 * x)), 0)];
  });
  const palette = [...[200, 0, 0], ...[0, 200, 0], ...[200, 0, 0], ...[0, 0, 200]];
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette)),
    chunk("tRNS", Buffer.from([255, 0])),
    chunk("IDAT", deflateSync(Buffer.from(rows.flat()))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  const sum = Buffer.alloc(4);
  const body = Buffer.concat([Buffer.from(type), data]);
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

test("a drawing becomes a PNG of so many pixels for each of its own, white where nothing is drawn", async () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" viewBox="0 0 40 20"><rect width="20" height="20" fill="#0072b2"/></svg>`;
  const { data, info } = await sharp(await svgToPng(svg, 3))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([120, 60, 3]);
  const pixel = (x: number, y: number) => [...data.subarray(3 * (y * 120 + x), 3 * (y * 120 + x) + 3)];
  expect(pixel(10, 30)).toEqual([0x00, 0x72, 0xb2]);
  expect(pixel(100, 30)).toEqual([255, 255, 255]);
});
