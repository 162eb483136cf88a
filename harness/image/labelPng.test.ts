import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodeLabelPng } from "./labelPng.ts";

function chunk(type: string, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
  return bytes;
}

interface Kind {
  readonly bits: number;
  readonly type: number;
}

/** A PNG whose rows are given with their filters; grey of 8 bits without a kind. */
function png(width: number, height: number, rows: Uint8Array, { bits, type }: Kind = { bits: 8, type: 0 }): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, type], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("every filter, interlaced or not, gives back what libpng wrote", async () => {
  const picture = fc.record({
    width: fc.integer({ min: 1, max: 20 }),
    height: fc.integer({ min: 1, max: 20 }),
    seed: fc.integer({ min: 1, max: 250 }),
    progressive: fc.boolean(),
    adaptiveFiltering: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(picture, async ({ width, height, seed, ...options }) => {
      const pixels = Uint8Array.from({ length: width * height }, (_, i) => (i * seed + ((i * i) >> 3)) & 255);
      const bytes = await sharp(pixels, { raw: { width, height, channels: 1 } })
        .png(options)
        .toBuffer();
      const { size, labels } = decodeLabelPng(bytes, "a.png");
      expect([size, Array.from(labels)]).toEqual([{ height, width }, Array.from(pixels)]);
    }),
    { numRuns: 100 },
  );
});

test("pixels of 1, 2, 4 and 16 bits are read as stored, an index or a grey", () => {
  for (const type of [0, 3]) {
    expect(
      Array.from(decodeLabelPng(png(3, 2, Uint8Array.of(0, 0b10100000, 0, 0b01000000), { bits: 1, type }), "a").labels),
    ).toEqual([1, 0, 1, 0, 1, 0]);
    expect(Array.from(decodeLabelPng(png(3, 1, Uint8Array.of(0, 0b11100100), { bits: 2, type }), "a").labels)).toEqual([
      3, 2, 1,
    ]);
    expect(Array.from(decodeLabelPng(png(3, 1, Uint8Array.of(0, 0xa5, 0xf0), { bits: 4, type }), "a").labels)).toEqual([
      10, 5, 15,
    ]);
  }
  const deep = decodeLabelPng(png(2, 1, Uint8Array.of(0, 1, 2, 255, 254), { bits: 16, type: 0 }), "a").labels;
  expect(deep).toEqual(Uint16Array.of(258, 65534));
});

test("a header of more pixels than are read is refused before anything is taken", () => {
  const before = process.memoryUsage().rss;
  expect(() => decodeLabelPng(png(65535, 65535, Uint8Array.of(0)), "a.png")).toThrow(
    "a.png: the mask has more pixels than are read (found 65535 x 65535, expected at most 268435456 px)",
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(64e6);
});

test("pixels that end early, in the file or in their stream, are damage and not zeros", () => {
  const full = png(100, 100, new Uint8Array(100 * 101));
  expect(Array.from(decodeLabelPng(full, "a").labels)).toEqual(Array(10_000).fill(0));
  for (const cut of [1, 8, 12, 20])
    expect(() => decodeLabelPng(full.subarray(0, -cut), "a.png")).toThrow(/a\.png: is no PNG/);
  expect(() => decodeLabelPng(png(100, 100, new Uint8Array(99 * 101)), "a.png")).toThrow(/the pixels end early/);
  expect(() => decodeLabelPng(png(16384, 16384, Uint8Array.of(0)), "a.png")).toThrow(/the pixels end early/);
  expect(() => decodeLabelPng(png(100, 100, new Uint8Array(102 * 101)), "a.png")).toThrow(/is no PNG/);
});
