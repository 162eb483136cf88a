import { expect, test } from "vitest";
import { partOf, pixelsOfPart } from "./photoPart.ts";
import { heldView, projectionOf } from "./view.ts";

const size = { height: 4000, width: 8000 };
const canvas = { height: 400, width: 800 };
const middle = { x: 0.5, y: 0.5 };

const partAt = (zoom: number, at = { x: 4000, y: 2000 }) =>
  partOf({ size }, projectionOf(canvas, size, heldView(size, { at, under: middle }, zoom)));

test("a canvas takes a pixel of the photo for each of its own, and all where they are larger", () => {
  expect(partAt(2)).toEqual({ left: 2000, top: 1000, columns: 800, rows: 400, step: 5 });
  expect(partAt(4)).toEqual({ left: 3000, top: 1500, columns: 1000, rows: 500, step: 2 });
  expect(partAt(100)).toEqual({ left: 3960, top: 1980, columns: 80, rows: 40, step: 1 });
});

test("a photo that is moved by less than a step keeps its pixels, and ends at its edge", () => {
  expect(partAt(2, { x: 4003, y: 2004 })).toMatchObject({ left: 2000, top: 1000 });
  const { left, columns, step } = partAt(4, { x: 8000, y: 4000 });
  expect(left + columns * step).toBe(8000);
});

test("pixels are the photo's own", () => {
  const photo = { size: { height: 4, width: 4 }, pixels: Uint8Array.from({ length: 48 }, (_, i) => i) };
  const whole = pixelsOfPart(photo, { left: 1, top: 2, columns: 2, rows: 1, step: 1 });
  expect([...whole]).toEqual([27, 28, 29, 255, 30, 31, 32, 255]);
  const halved = pixelsOfPart(photo, { left: 2, top: 2, columns: 1, rows: 1, step: 2 });
  expect([...halved]).toEqual([45, 46, 47, 255]);
});
