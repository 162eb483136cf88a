import sharp from "sharp";
import { expect, test } from "vitest";
import { headerOf } from "./header.ts";
import { type Orientation, orientationOf, storedPrompt, withoutOrientation } from "./orientation.ts";

const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];

/** Sides differ, and every pixel has a grey of its own. */
const size = { height: 4, width: 6 };
const picture = () =>
  sharp(
    Uint8Array.from({ length: 24 }, (_, i) => 10 * i),
    { raw: { ...size, channels: 1 } },
  );

test.each(["jpeg", "png", "webp"] as const)("the orientation of a %s file is read, and set upright", async (format) => {
  for (const orientation of orientations) {
    const bytes = new Uint8Array(await picture().withMetadata({ orientation }).toFormat(format).toBuffer());
    expect(orientationOf(bytes)).toBe(orientation);
    const upright = withoutOrientation(bytes);
    expect(orientationOf(upright)).toBe(1);
    expect(upright.filter((byte, i) => byte !== bytes[i]).length).toBe(orientation === 1 ? 0 : 1);
  }
});

test("a file without EXIF is upright and stays as it is", async () => {
  const bytes = new Uint8Array(await picture().jpeg().toBuffer());
  expect(orientationOf(bytes)).toBe(1);
  expect(withoutOrientation(bytes)).toBe(bytes);
});

test.each(orientations)(
  "a point on the picture turned from orientation %i names the same pixel of the stored one",
  async (orientation) => {
    const bytes = await picture().withMetadata({ orientation }).png().toBuffer();
    const { data, info } = await sharp(bytes).rotate().greyscale().raw().toBuffer({ resolveWithObject: true });
    for (let y = 0; y < info.height; y++)
      for (let x = 0; x < info.width; x++) {
        const box = { x0: x, y0: y, x1: x + 1, y1: y + 1 };
        const stored = storedPrompt({ points: [{ x, y, label: 1 }], box }, orientation, info);
        const [point] = stored.points;
        expect(data[y * info.width + x]).toBe(10 * (point!.y * size.width + point!.x));
        expect(stored.box).toEqual({ x0: point!.x, y0: point!.y, x1: point!.x + 1, y1: point!.y + 1 });
      }
  },
);

test("the size is read before pixels are, of a progressive JPEG too", async () => {
  expect(headerOf(await picture().jpeg({ progressive: true }).toBuffer())).toEqual({
    size,
    inks: "RGB",
    transparency: "none",
  });
  expect(headerOf(await picture().png().toBuffer())).toEqual({ size, inks: "RGB", transparency: "none" });
  expect(headerOf(await picture().webp().toBuffer())).toEqual({ inks: "RGB", transparency: "none" });
});

test("four inks and transparency are told", async () => {
  expect(headerOf(await picture().toColourspace("cmyk").jpeg().toBuffer()).inks).toBe("CMYK");
  const clear = await picture().toColourspace("srgb").ensureAlpha(0.5).raw().toBuffer();
  const through = () => sharp(clear, { raw: { ...size, channels: 4 } });
  for (const bytes of [
    through().png(),
    through().webp(),
    through().webp({ lossless: true }),
    through().png({ palette: true }),
  ])
    expect(headerOf(await bytes.toBuffer()).transparency).toBe("possible");
});

test("a file that is cut anywhere has a header without an error", async () => {
  for (const file of [picture().jpeg(), picture().png(), picture().webp()]) {
    const bytes = await file.withMetadata({ orientation: 6 }).toBuffer();
    for (let length = 4; length < bytes.length; length++) {
      headerOf(bytes.subarray(0, length));
      expect([1, 6]).toContain(orientationOf(bytes.subarray(0, length)));
    }
  }
});
