import { expect, test } from "vitest";
import { sam2TokensOf } from "./prompts.ts";

const points = [
  { x: 10, y: 20, label: 1 },
  { x: 30, y: 40, label: 0 },
] as const;
const box = { x0: 1, y0: 2, x1: 3, y1: 4 };

test("points are followed by a padding point", () => {
  const tokens = sam2TokensOf({ frame: "model", points });
  expect(tokens).toMatchObject({ coordinates: [10, 20, 30, 40, 0, 0], labels: [1, 0, -1] });
});

test("a box's corners go before the points, and the padding point is there with a box too", () => {
  const tokens = sam2TokensOf({ frame: "model", points, box });
  expect(tokens).toMatchObject({ coordinates: [1, 2, 3, 4, 10, 20, 30, 40, 0, 0], labels: [2, 3, 1, 0, -1] });
  expect(sam2TokensOf({ frame: "model", points: [], box }).labels).toEqual([2, 3, -1]);
});

test("low-res logits of an earlier mask are fed back within ±32, and stay as they are for whoever holds them", () => {
  const mask = { dims: [1, 2, 2], data: Float32Array.of(-40.5, -31.5, 0.25, 99) };
  const fed = sam2TokensOf({ frame: "model", points: [], box, mask }).mask;
  expect(fed).toEqual({ dims: [1, 2, 2], data: Float32Array.of(-32, -31.5, 0.25, 32) });
  expect(mask.data[0]).toBe(-40.5);
});
