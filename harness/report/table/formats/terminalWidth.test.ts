import { expect, test } from "vitest";
import { layout } from "./layout.ts";
import { terminalWidth } from "./terminalWidth.ts";

test.each([
  ["sam-nano", 8],
  ["39.5 ±6.1 †", 11],
  ["é", 1],
  ["e\u0301", 1],
  ["重み.pth", 8],
  ["🐈", 2],
  ["", 0],
])("%s takes its places of a terminal", (text, places) => {
  expect(terminalWidth(text)).toBe(places);
});

test("columns stay in line beside wide characters", () => {
  const lines = layout([
    { header: ["weights"], align: "left", cells: ["重み.pth", "a.pth"] },
    { header: ["ms"], align: "right", cells: ["9.5", "10.1"] },
  ]).split("\n");
  expect(lines.map(terminalWidth)).toEqual([14, 14, 14, 14]);
});
