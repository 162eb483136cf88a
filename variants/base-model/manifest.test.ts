import { expect, test } from "vitest";
import type { VariantManifest } from "../../harness/api.ts";
import { fieldsOf } from "./manifest.ts";

const base: VariantManifest = {
  id: "model-b",
  title: "Model B",
  paper: { title: "A model" },
  size: "full",
  input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
  mask: { path: "direct", interpolation: "bilinear", threshold: ">0" },
  lacks: ["mask-input"],
  maxPoints: 6,
  choosesUpTo: 1,
  everything: "own output",
  setting: { name: "kept", value: 0.5 },
  printed: { parameters: 7 },
  notes: ["a fact"],
  base: "model",
  published: { id: "model_b", url: "https://example.org/model_b.pth" },
  nanoWeights: { file: "nano.safetensors", untrained: [] },
  seededScale: { prefix: "a", suffix: "b", factor: 2 },
  inertClasses: ["a.B"],
  alternativeTo: "model-a",
};

test("a method prepares photos and chooses masks as its base does, and says of it what the base's row says", () => {
  expect(fieldsOf(base)).toEqual({
    base: "model-b",
    size: "full",
    input: base.input,
    mask: base.mask,
    lacks: ["mask-input"],
    maxPoints: 6,
    choosesUpTo: 1,
    everything: "own output",
    setting: { name: "kept", value: 0.5 },
    printed: { parameters: 7 },
    notes: ["a fact"],
  });
});
