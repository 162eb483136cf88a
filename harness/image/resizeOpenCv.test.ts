import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { RgbImage, Size } from "../api.ts";
import golden from "./fixtures/resize_opencv.json" with { type: "json" };
import { resizeOpenCv } from "./resizeOpenCv.ts";

test.each(golden.cases)(
  "$height x $width resized to $to is OpenCV's in every byte",
  ({ height, width, to, sha256 }) => {
    const resized = resizeOpenCv(patternImage({ height, width }), to);
    expect(resized.size).toEqual(to);
    expect(createHash("sha256").update(resized.pixels).digest("hex")).toBe(sha256);
  },
);

test("a row is widened with the rounding of OpenCV, and one grey stays that grey", () => {
  const row = (...greys: number[]): RgbImage => ({
    size: { height: 1, width: greys.length },
    pixels: Uint8Array.from(greys.flatMap((grey) => [grey, grey, grey])),
  });
  const greys = ({ pixels }: RgbImage) => [...pixels].filter((_, i) => i % 3 === 0);
  expect(greys(resizeOpenCv(row(0, 255), { height: 1, width: 4 }))).toEqual([0, 64, 191, 255]);
  expect(greys(resizeOpenCv(row(10, 10, 10), { height: 1, width: 7 }))).toEqual(Array(7).fill(10));
});

/** (7 x x + 13 y + 91 channel + 3 x y) mod 256, as the fixture says. */
function patternImage(size: Size): RgbImage {
  const pixels = Uint8Array.from({ length: size.height * size.width * 3 }, (_, i) => {
    const channel = i % 3;
    const x = Math.floor(i / 3) % size.width;
    const y = Math.floor(i / 3 / size.width);
    return (7 * x * x + 13 * y + 91 * channel + 3 * x * y) % 256;
  });
  return { size, pixels };
}
