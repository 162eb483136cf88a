import { expect, test } from "vitest";
import type { DeclaredValue, GraphSignature } from "../api.ts";
import { sharedInputs } from "./inputs.ts";

const graph = (file: string, ...inputs: readonly DeclaredValue[]): GraphSignature => {
  return { file, inputs, outputs: [], externalFiles: [] };
};
const value = (name: string, dims: DeclaredValue["dims"], type = "float32"): DeclaredValue => ({ name, type, dims });
const none = { dims: new Map<string, number>(), renames: new Map<string, string>(), seed: 0, given: new Map() };

test("an input that one graph lacks is refused by name", () => {
  const a = graph("a.onnx", value("image", [1, 3]));
  const b = graph("b.onnx", value("pixel_values", [1, 3]));
  expect(() => sharedInputs(a, b, none)).toThrow(
    "B, b.onnx: has no input image, which A takes (found pixel_values, expected image)",
  );
  const renamed = sharedInputs(a, b, { ...none, renames: new Map([["pixel_values", "image"]]) });
  expect(renamed.b.pixel_values).toBe(renamed.a.image);
});

test("other shapes are refused, and so is a dimension that is open on both sides", () => {
  const a = graph("a.onnx", value("x", ["rows", 3]));
  expect(() => sharedInputs(a, graph("b.onnx", value("x", ["n", 4])), none)).toThrow(
    "input x: dimension 0 is open (found rows)",
  );
  const rows = { ...none, dims: new Map([["rows", 2]]) };
  expect(() => sharedInputs(a, graph("b.onnx", value("x", ["n", 4])), rows)).toThrow(
    "input x: the two graphs take other shapes (found rows,3 in A, n,4 in B",
  );
  expect(sharedInputs(a, graph("b.onnx", value("x", ["n", 3])), rows).described[0]!.dims).toEqual([2, 3]);
  expect(sharedInputs(a, graph("b.onnx", value("x", [5, 3])), none).described[0]!.dims).toEqual([5, 3]);
});

test("the same seed draws the same values, floats around zero, and whole numbers of 0 and 1", () => {
  const a = graph("a.onnx", value("x", [1000]), value("labels", [50], "int64"));
  const first = sharedInputs(a, a, none);
  const again = sharedInputs(a, a, none);
  expect(first).toEqual(again);
  const mean = first.a.x!.data.reduce((sum, each) => sum + each, 0) / 1000;
  expect(Math.abs(mean)).toBeLessThan(0.1);
  expect(new Set(first.a.labels!.data)).toEqual(new Set([0, 1]));
  expect(sharedInputs(a, a, { ...none, seed: 1 }).a.x).not.toEqual(first.a.x);
});

test("an input of text is refused by its type", () => {
  const a = graph("a.onnx", value("words", [2], "string"));
  expect(() => sharedInputs(a, a, none)).toThrow("input words: is of a type that is not fed (found string");
});
