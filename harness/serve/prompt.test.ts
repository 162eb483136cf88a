import { expect, test } from "vitest";
import { parsePrompt, requireTaken } from "./prompt.ts";

const size = { height: 480, width: 640 };
const nothing = { points: [], notPoints: [], box: undefined };

test("points keep their order and their labels, and a box may reach the photo's edge", () => {
  expect(parsePrompt({ points: ["1,2", "3.5,4"], notPoints: ["0,480"], box: "0,0,640,480" }, size)).toEqual({
    frame: "image",
    points: [
      { x: 1, y: 2, label: 1 },
      { x: 3.5, y: 4, label: 1 },
      { x: 0, y: 480, label: 0 },
    ],
    box: { x0: 0, y0: 0, x1: 640, y1: 480 },
  });
});

test.each([
  [{}, "a prompt is needed"],
  [{ points: ["1"] }, "--point: not 2 numbers (found 1, expected x,y in image pixels)"],
  [{ notPoints: ["1,x"] }, "--not-point: not 2 numbers (found 1,x"],
  [{ points: ["1,"] }, "--point: not 2 numbers"],
  [{ points: ["641,1"] }, "--point 641,1: lies outside of the photo (expected within 640 x 480 px)"],
  [{ points: ["-1,1"] }, "--point -1,1: lies outside of the photo"],
  [{ box: "1,2,3" }, "--box: not 4 numbers"],
  [{ box: "10,10,10,20" }, "--box 10,10,10,20: has no area"],
  [{ box: "10,10,700,20" }, "--box 10,10,700,20: lies outside of the photo"],
])("%o is the user's to mend", (given, message) => {
  expect(() => parsePrompt({ ...nothing, ...given }, size)).toThrow(message);
});

test("a prompt that a model does not take is refused by what it takes", () => {
  const box = parsePrompt({ ...nothing, box: "1,1,9,9", points: ["2,2"] }, size);
  expect(() => requireTaken(box, { id: "mine", lacks: ["box-prompt"] })).toThrow("mine: takes no box");
  expect(() => requireTaken(box, { id: "mine", lacks: [], maxPoints: 2 })).toThrow(
    "mine: takes fewer points (found 3, expected at most 2; a box counts as two)",
  );
  requireTaken(box, { id: "mine", lacks: [], maxPoints: 3 });
  requireTaken(box, { id: "mine", lacks: [] });
});
