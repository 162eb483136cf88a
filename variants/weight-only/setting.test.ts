import { expect, test } from "vitest";
import { formatSetting, parseSetting } from "./setting.ts";

test("a setting is a size of blocks, perhaps level 4, perhaps halves, in any order", () => {
  expect(parseSetting(4, "half+block-128+level-4")).toEqual({
    bits: 4,
    block: 128,
    arithmetic: "int8",
    rest: "float16",
  });
  expect(parseSetting(8, "")).toEqual({ bits: 8, block: 32, arithmetic: "float32", rest: "float32" });
});

test("the text of a setting has the size of its blocks, and its words in one order", () => {
  const written = ["", "level-4", "half+level-4", "half", "block-16+half"].map((text) =>
    formatSetting(parseSetting(4, text)),
  );
  expect(written).toEqual(["block-32", "block-32+level-4", "block-32+level-4+half", "block-32+half", "block-16+half"]);
});

test.each([
  ["block-64+block-128", "w4: a weight has blocks of one size (found block-64, block-128, expected one of them)"],
  ["half+half", "w4: half stands twice (expected each word once)"],
  ["block-48", "unknown setting of w4: block-48; did you mean block-16, block-32 or block-64?"],
  ["level-1", "unknown setting of w4: level-1; did you mean level-4?"],
  ["block-32+", "unknown setting of w4: ; known:"],
])("%s is the user's to mend", (text, message) => {
  expect(() => parseSetting(4, text)).toThrow(message);
});
