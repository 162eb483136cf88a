import { expect, test } from "vitest";
import { noPrompt } from "./edit.ts";
import { formatFragment, parseFragment } from "./fragment.ts";

const prompt = {
  points: [
    { x: 12, y: 30, label: 1 },
    { x: 45.5, y: 60, label: 0 },
  ],
  box: { x0: 1, y0: 2, x1: 30, y1: 40 },
} as const;

test("photo, target, points and box are written so that a person can read them, and come back", () => {
  const text = formatFragment({ photo: "397133", target: "17", prompt });
  expect(text).toBe("#photo=397133&target=17&points=12,30,1;45.5,60,0&box=1,2,30,40");
  expect(parseFragment(text)).toEqual({ photo: "397133", target: "17", prompt });
});

test("an id of any characters comes back", () => {
  const fragment = { photo: "a b&c=#é;,+", target: undefined, prompt: { points: [], box: undefined } };
  expect(parseFragment(formatFragment(fragment))).toEqual(fragment);
});

test("a page without photo and prompt has no fragment", () => {
  expect(formatFragment({ prompt: noPrompt })).toBe("");
  expect(parseFragment("")).toEqual({ photo: undefined, target: undefined, prompt: { points: [], box: undefined } });
});

test.each([
  ["points=1,2", "a point can not be read"],
  ["points=1,2,3", "a point can not be read"],
  ["points=1,NaN,1", "a point can not be read"],
  ["points=-1,2,1", "a point can not be read"],
  ["box=1,2,3", "the box can not be read"],
  ["box=9,2,3,4", "the box can not be read"],
  ["box=1,2,1e9,4", "the box can not be read"],
  [`points=${"1,2,1;".repeat(200)}1,2,1`, "it names too many points"],
])("%s is refused in words", (fragment, words) => {
  expect(() => parseFragment(fragment)).toThrow(words);
});
