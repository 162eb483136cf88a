import { createHash } from "node:crypto";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import type { RgbImage } from "../api.ts";
import { shared } from "../shared.ts";
import { readImage } from "./codec.ts";
import pattern from "./fixtures/resize_pattern.json" with { type: "json" };
import photos from "./fixtures/resize_photos.json" with { type: "json" };
import { resizeBilinear, resizePillow } from "./resample.ts";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** (7 x x + 13 y + 91 channel + 3 x y) mod 256, as the fixture says. */
function patternImage(): RgbImage {
  const size = pattern.image;
  const pixels = Uint8Array.from({ length: size.height * size.width * 3 }, (_, i) => {
    const channel = i % 3;
    const x = Math.floor(i / 3) % size.width;
    const y = Math.floor(i / 3 / size.width);
    return (7 * x * x + 13 * y + 91 * channel + 3 * x * y) % 256;
  });
  return { size, pixels };
}

test.each(pattern.cases)(
  "a pattern resized to $width x $height is Pillow's in every byte",
  ({ height, width, pillow_sha256 }) => {
    const resized = resizePillow(patternImage(), { height, width });
    expect(resized.size).toEqual({ height, width });
    expect(sha256(resized.pixels)).toBe(pillow_sha256);
  },
);

test.skipIf(shared === undefined)("photos are resized as by Pillow, byte for byte", async () => {
  for (const { file, side, resized_height, resized_width, resized_sha256, first_pixels } of photos) {
    const image = await readImage(join(shared!, "realset", "images", file));
    const resized = resizePillow(image, { height: resized_height, width: resized_width });
    expect([...resized.pixels.subarray(0, 12)]).toEqual(first_pixels.flat());
    expect({ file, side, sha256: sha256(resized.pixels) }).toEqual({ file, side, sha256: resized_sha256 });
  }
});

test.each(pattern.cases)(
  "a pattern interpolated to $width x $height is PyTorch's",
  ({ height, width, pytorch_sample }) => {
    const planes = resizeBilinear(patternImage(), { height, width });
    expect(planes).toHaveLength(3 * height * width);
    const found = pytorch_sample.map((_, j) => planes[(j * 2654435761) % planes.length]!);
    // A few float32 roundings of values up to 255, in another order of sums.
    expect(Math.max(...found.map((value, j) => Math.abs(value - pytorch_sample[j]!)))).toBeLessThan(6e-5);
  },
);

test("an image of its own size stays as it is", () => {
  const image = patternImage();
  expect(resizePillow(image, image.size).pixels).toEqual(image.pixels);
});

test.skipIf(shared === undefined)(
  "sharp's own linear kernel is off by 2.7 levels on average when photos are enlarged",
  async () => {
    const enlarged = photos.filter(({ side }) => side === 1024);
    const off = await Promise.all(
      enlarged.map(async ({ file, resized_height: height, resized_width: width }) => {
        const image = await readImage(join(shared!, "realset", "images", file));
        const other = await sharp(image.pixels, { raw: { ...image.size, channels: 3 } })
          .resize({ height, width, fit: "fill", kernel: "linear" })
          .raw()
          .toBuffer();
        const { pixels } = resizePillow(image, { height, width });
        return pixels.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0) / pixels.length;
      }),
    );
    expect(off.reduce((sum, levels) => sum + levels, 0) / off.length).toBeCloseTo(2.7, 1);
  },
);
