import { expect, test } from "vitest";
import { cropBoxes, cropsOf } from "./crops.ts";

const image = { id: 3, fileName: "3.jpg", size: { height: 200, width: 300 } };
const corners = (layers: number) =>
  cropBoxes(image.size, layers).map(({ layer, box: { x0, y0, x1, y1 } }) => [layer, x0, y0, x1, y1]);

test("the first layer has two crops a side, down the columns, which share 68 px: 512/1500 of the shorter side", () => {
  expect(corners(1)).toEqual([
    [0, 0, 0, 300, 200],
    [1, 0, 0, 184, 134],
    [1, 0, 66, 184, 200],
    [1, 116, 0, 300, 134],
    [1, 116, 66, 300, 200],
  ]);
});

test("the second layer has four a side, which share half as much, and the last end with the image", () => {
  const second = corners(2).slice(5);
  expect(second).toHaveLength(16);
  expect(second.slice(0, 4).map(([, x0, y0, x1, y1]) => [x0, y0, x1, y1])).toEqual([
    [0, 0, 101, 76],
    [0, 42, 101, 118],
    [0, 84, 101, 160],
    [0, 126, 101, 200],
  ]);
  expect(second.at(-1)).toEqual([2, 201, 126, 300, 200]);
});

test("a grid's points sit in the middle of their cells of the crop, and no id stands twice", () => {
  const crops = cropsOf(image, { side: 4, layers: 2, downscale: 2 });
  expect(crops.map(({ targets }) => targets.length)).toEqual([16, ...Array(4).fill(4), ...Array(16).fill(1)]);
  const targets = crops.flatMap((crop) => crop.targets);
  expect(targets.map(({ id }) => id)).toEqual(targets.map((_, i) => i));
  expect(crops[0]!.targets[1]!.box).toEqual({ x0: 112.5, y0: 25, x1: 112.5, y1: 25 });
  // The last crop of the first layer: 184 x 134 px from (116, 66), two points a side.
  expect(crops[4]!.targets.map(({ box }) => [box.x0, box.y0])).toEqual([
    ...[
      [162, 99.5],
      [254, 99.5],
    ],
    ...[
      [162, 166.5],
      [254, 166.5],
    ],
  ]);
});

test("without layers the image is its only crop", () => {
  const [crop, ...others] = cropsOf(image, { side: 2, layers: 0, downscale: 1 });
  expect(others).toEqual([]);
  expect(crop!.box).toEqual({ x0: 0, y0: 0, x1: 300, y1: 200 });
  expect(crop!.targets).toHaveLength(4);
});
