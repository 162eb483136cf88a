import { expect, test } from "vitest";
import { fileHintsOf } from "./fileHints.ts";

const files = { "variant-files": ["mine=a.onnx"] };

test("names of values are read as pairs, several in one flag or in several, by the names in the files", () => {
  const flags = { ...files, "onnx-names": ["iou_predictions=scores,masks=out:0", "image_embeddings=x=1"] };
  expect(fileHintsOf(flags).names).toEqual({
    scores: "iou_predictions",
    "out:0": "masks",
    "x=1": "image_embeddings",
  });
  expect(fileHintsOf({ ...files, input: "raw" })).toEqual({ input: "raw", names: undefined });
});

test.each([
  [["scores"], "a role and a value's name are needed (found scores, expected ROLE=NAME"],
  [["=scores"], "a role and a value's name are needed"],
  [["masks="], "a role and a value's name are needed"],
  [["masks=x", "iou_predictions=x"], "x can not be two values (found masks and iou_predictions)"],
])("--onnx-names %s is refused", (pairs, message) => {
  expect(() => fileHintsOf({ ...files, "onnx-names": pairs })).toThrow(message);
});

test("flags about files are refused where no file is given", () => {
  expect(() => fileHintsOf({ input: "raw" })).toThrow("--input: says what the encoder of --variant-files takes");
  expect(() => fileHintsOf({ "onnx-names": ["masks=x"] })).toThrow("--onnx-names: names values of --variant-files");
});
