import { expect, test } from "vitest";
import { HarnessError } from "../../../../errors.ts";
import { durationText, iouText, sentenceOf } from "./figures.ts";

test("times have a digit below ten milliseconds, and seconds from ten on", () => {
  expect([0.04, 9.94, 12.6, 9999, 12_340].map(durationText)).toEqual([
    "0.0 ms",
    "9.9 ms",
    "13 ms",
    "9,999 ms",
    "12.3 s",
  ]);
});

test("no IoU is a dash, not a number", () => {
  expect([iouText(0.8749), iouText(undefined)]).toEqual(["0.875", "–"]);
});

test("an error becomes a sentence with its advice, on one line", () => {
  const error = new HarnessError("a\nb.heic: is no photo that is read", { found: "a HEIC", hint: "convert it to PNG" });
  expect(sentenceOf(error)).toBe("a\\nb.heic: is no photo that is read (found a HEIC). Convert it to PNG.");
  expect(sentenceOf(new Error("the connection to the harness is lost"))).toBe("the connection to the harness is lost.");
  expect(sentenceOf("why?")).toBe("why?");
});

test.each([
  new RangeError("Array buffer allocation failed"),
  new Error("std::bad_alloc: Out of memory"),
  new RangeError("Invalid typed array length: 5000000000"),
])("a lack of memory is called so: %s", (error) => {
  expect(sentenceOf(error)).toContain("not enough memory");
});
