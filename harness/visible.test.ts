import { expect, test } from "vitest";
import { visible, visibleLines } from "./visible.ts";

test("ordinary text of any language stays as it is", () => {
  for (const text of ["sam-vit-b/w8a8: 49.5 ±2.7", "Größe 猫 מודל قطة", "🦕 e\u0301"]) expect(visible(text)).toBe(text);
});

test("what steers a terminal is shown as an escape", () => {
  expect(visible("\u001b[2J\u001b]0;title\u0007")).toBe("\\x1b[2J\\x1b]0;title\\x07");
  expect(visible("a\rb\nc\td\u009b")).toBe("a\\rb\\nc\\td\\u009b");
});

test("marks of direction, zero-width characters and separators are shown", () => {
  expect(visible("\u202egnp.exe\u2069\u200b\u2028")).toBe("\\u202egnp.exe\\u2069\\u200b\\u2028");
  expect(visible("\u{e0041}\ud800")).toBe("\\udb40\\udc41\\ud800");
});

test("lines of our own stay lines", () => {
  expect(visibleLines("a\u001b\nb")).toBe("a\\x1b\nb");
});
