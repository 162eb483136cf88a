import { expect, test } from "vitest";
import { tokenSets } from "./tokenSets.ts";

test("token 0 is the single-mask token, and one of the others where there is none", () => {
  expect(tokenSets({ lacks: [] }, 4)).toEqual({ single: [0], multimask: [1, 2, 3] });
  expect(tokenSets({ lacks: ["single-mask-token"] }, 3)).toEqual({ multimask: [0, 1, 2] });
});
