import { expect, test } from "vitest";
import { HarnessError } from "../../../errors.ts";
import { describedError } from "./pageError.ts";

test("memory that ran out ends the page, whatever words the runtime has for it", () => {
  for (const error of [
    new RangeError("Array buffer allocation failed"),
    new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded"),
    new Error("std::bad_alloc"),
    new RangeError("WebAssembly.Memory(): could not allocate memory"),
    7_340_032,
  ])
    expect(describedError(error)).toEqual({ error: expect.stringContaining("out of memory"), fatal: true });
});

test("another error is told in its own words, and the page goes on", () => {
  expect(describedError(new HarnessError("encode: no tensor", { hint: "return one" }))).toEqual({
    error: "encode: no tensor",
    hint: "return one",
  });
});
