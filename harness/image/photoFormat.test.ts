import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { readImage } from "./codec.ts";

const folder = mkdtempSync(join(tmpdir(), "photos-"));
afterAll(() => rmSync(folder, { recursive: true }));

const picture = sharp({ create: { width: 16, height: 8, channels: 3, background: "#336699" } });
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>`;

/** All are named .jpg: the content decides. */
async function read(bytes: Buffer | string) {
  const file = join(folder, "photo.jpg");
  writeFileSync(file, bytes);
  return await readImage(file);
}

test("JPEG, PNG and WebP are read, whatever the file is called", async () => {
  for (const bytes of [
    await picture.jpeg().toBuffer(),
    await picture.png().toBuffer(),
    await picture.webp().toBuffer(),
  ])
    expect((await read(bytes)).size).toEqual({ height: 8, width: 16 });
});

test.each([
  ["a GIF", () => picture.gif().toBuffer()],
  ["a TIFF", () => picture.tiff().toBuffer()],
  ["an AVIF", () => picture.avif().toBuffer()],
  ["an SVG", async () => svg],
  ["an SVG", async () => `<?xml version="1.0"?>\n<!-- drawn -->\n${svg}`],
  ["a BMP", async () => "BM\0\0\0\0"],
])("%s is refused by name", async (name, make) => {
  await expect(read(await make())).rejects.toThrow(
    `photo.jpg: is no photo that is read (found ${name}, expected a JPEG, PNG or WebP file)`,
  );
});

test("what is no picture is said to be none", async () => {
  await expect(read("<!doctype html><html>")).rejects.toThrow(
    "photo.jpg: is no picture (found first bytes 3c21646f63747970",
  );
  await expect(read("")).rejects.toThrow("photo.jpg: is no picture (found an empty file");
});
