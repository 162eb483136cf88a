import { expect, test } from "vitest";
import type { Geometry, Prompt, Rle } from "../../harness/api.ts";
import { areaOf, decodeRle, iou, rleFromPolygons } from "../../harness/mask/index.ts";
import { loadPromptMask } from "./load.ts";
import { disc, promptMask } from "./promptMask.ts";

/** A photo of 8 x 6 px lies in a frame of 64: it is eight times as large there, with 16 rows of padding. */
const geometry: Geometry = {
  image: { height: 6, width: 8 },
  resized: { height: 48, width: 64 },
  offset: { x: 0, y: 0 },
  frame: { height: 64, width: 64 },
};

function prompt({ points = [], box }: Partial<Prompt<"model">>): Prompt<"model"> {
  return { frame: "model", points, box };
}

function picture(mask: Rle): readonly string[] {
  const bitmap = decodeRle(mask);
  const { height, width } = mask.size;
  return Array.from({ length: height }, (_, y) =>
    Array.from(bitmap.subarray(y * width, (y + 1) * width), (pixel) => (pixel ? "#" : ".")).join(""),
  );
}

const never = () => {
  throw new Error("a box needs no area");
};

test("a box is filled, from the model frame back to the photo's pixels", () => {
  const mask = promptMask(prompt({ box: { x0: 16, y0: 8, x1: 40, y1: 24 } }), geometry, never);
  expect(picture(mask)).toEqual(["........", "..###...", "..###...", "........", "........", "........"]);
});

// By hand: the L covers 12 of its box's 16 px, the bar all 4 of its own.
test("a filled box has the IoU with two annotations that their areas give", () => {
  const elbow = rleFromPolygons([[1, 1, 5, 1, 5, 3, 3, 3, 3, 5, 1, 5]], geometry.image, "the L");
  const bar = rleFromPolygons([[6, 1, 7, 1, 7, 5, 6, 5]], geometry.image, "the bar");
  expect([areaOf(elbow), areaOf(bar)]).toEqual([12, 4]);
  const boxes = [
    { x0: 8, y0: 8, x1: 40, y1: 40 },
    { x0: 48, y0: 8, x1: 56, y1: 40 },
  ];
  const masks = boxes.map((box) => promptMask(prompt({ box }), geometry, never));
  expect(masks.map((mask, i) => iou(mask, [elbow, bar][i]!))).toEqual([12 / 16, 1]);
});

// Radius sqrt(13 / π) = 2.03: the pixel itself, its neighbours to a distance of 2, and the diagonals at sqrt(2).
test("a disc of 13 px is the 13 pixels within its radius", () => {
  const mask = disc({ x: 3, y: 3 }, 13, { height: 7, width: 7 });
  expect(picture(mask)).toEqual([".......", "...#...", "..###..", ".#####.", "..###..", "...#...", "......."]);
});

test("a disc is cut at the photo's sides, and is never without a pixel", () => {
  expect(picture(disc({ x: 0, y: 0 }, 13, { height: 4, width: 4 }))).toEqual(["###.", "##..", "#...", "...."]);
  expect(areaOf(disc({ x: 1.5, y: 1.5 }, 0, { height: 4, width: 4 }))).toBe(4);
  expect(areaOf(disc({ x: 1.2, y: 1 }, 0, { height: 4, width: 4 }))).toBe(1);
});

test("several points get one disc about the mean of those in the foreground", () => {
  const points = [
    { x: 8, y: 16, label: 1 },
    { x: 40, y: 16, label: 1 },
    { x: 56, y: 40, label: 0 },
  ] as const;
  const mask = promptMask(prompt({ points }), geometry, () => 5);
  expect(picture(mask)).toEqual(["........", "...#....", "..###...", "...#....", "........", "........"]);
});

test("a prompt with neither a box nor a foreground point is an error that says what it holds", () => {
  const background = prompt({ points: [{ x: 1, y: 1, label: 0 }] });
  expect(() => promptMask(background, geometry, () => 5)).toThrow(
    "baseline/prompt: the prompt has neither a box nor a foreground point (found 1 of background)",
  );
});

test("the disc's area is the mean share of masks of each photo's own area", async () => {
  const variant = loadPromptMask({ meanMaskShare: 5 / 48 });
  const tensor = { dims: [1, 3, 64, 64], data: new Float32Array(3 * 64 * 64) };
  const embedding = await variant.encode({ tensor, geometry });
  const [prediction] = await variant.decode(embedding, [prompt({ points: [{ x: 24, y: 16, label: 1 }] })]);
  expect(prediction!.kind === "masks" && prediction!.masks.map(areaOf)).toEqual([5]);
});
