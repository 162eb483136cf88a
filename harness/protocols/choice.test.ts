import { expect, test } from "vitest";
import type { Candidates, Capability, MaskPrediction, Rle } from "../api.ts";
import { rleFromBox, rleFromCounts } from "../mask/index.ts";
import { mostConfident, oracle, predictedIouOf, singleMask } from "./choice.ts";

const size = { height: 4, width: 5 };
const columns = (count: number) => rleFromBox({ x0: 0, y0: 0, x1: count, y1: 4 }, size);
const tokens = [columns(4), columns(1), columns(2), columns(3)];

function logits(...predictedIou: number[]): MaskPrediction {
  const lowResLogits = { dims: [predictedIou.length, 1, 1], data: new Float32Array(predictedIou.length) };
  return { kind: "logits", lowResLogits, predictedIou: Float32Array.from(predictedIou) };
}

function masks(...scores: number[]): MaskPrediction {
  return { kind: "masks", masks: tokens.slice(0, scores.length), scores: Float32Array.from(scores) };
}

interface Given {
  readonly lacks?: readonly Capability[];
  readonly target?: Rle;
  readonly mask?: Candidates["mask"];
}

function candidates(prediction: MaskPrediction, { lacks = [], target = columns(4), mask }: Given = {}): Candidates {
  return {
    target: {
      id: 5,
      image: 1,
      category: 1,
      areaPx: 4,
      crowd: false,
      box: { x0: 0, y0: 0, x1: 1, y1: 1 },
      mask: target,
    },
    prompt: { frame: "image", points: [] },
    prediction,
    lacks,
    mask: mask ?? ((token) => tokens[token]!),
    stability: () => undefined,
    maskAbove: () => undefined,
    random: () => ({ next: () => 0 }),
  };
}

test("the single-mask token takes no part in the argmax, though it be the most confident", () => {
  expect(mostConfident(candidates(logits(0.9, 0.1, 0.3, 0.2)))).toEqual([{ token: 2 }]);
});

test("without a single-mask token all tokens take part", () => {
  const lacks = ["single-mask-token"] as const;
  expect(mostConfident(candidates(logits(0.9, 0.1, 0.3), { lacks }))).toEqual([{ token: 0 }]);
});

test("the first of equals is kept, and a predicted IoU that is no number never", () => {
  expect(mostConfident(candidates(logits(0.9, 0.3, 0.1, 0.3)))).toEqual([{ token: 1 }]);
  expect(mostConfident(candidates(logits(0.9, 0.3, Number.NaN, 0.4)))).toEqual([{ token: 3 }]);
  expect(mostConfident(candidates(logits(0.9, Number.NaN, 0.2, 0.4)))).toEqual([{ token: 3 }]);
});

test("of masks without logits the one with the best score is kept", () => {
  expect(mostConfident(candidates(masks(0.2, 0.7, 0.1)))).toEqual([{ token: 1 }]);
});

test("where nothing was found the empty token 0 is kept, so that the target still counts", () => {
  expect(mostConfident(candidates(masks()))).toEqual([{ token: 0 }]);
  expect(predictedIouOf(masks(), 0)).toBe(0);
  expect(predictedIouOf(masks(0.25), 0)).toBe(0.25);
  expect(predictedIouOf(logits(0.5, 0.75), 1)).toBe(0.75);
});

test("the most confident is chosen without a mask being made", () => {
  const mask = () => {
    throw new Error("made");
  };
  expect(mostConfident(candidates(logits(0.9, 0.1, 0.3, 0.2), { mask }))).toEqual([{ token: 2 }]);
});

test("the oracle keeps the multimask token nearest to the target", () => {
  const confident = logits(0.9, 0.8, 0.1, 0.2);
  expect(oracle(candidates(confident))).toEqual([{ token: 3 }]);
  expect(oracle(candidates(confident, { lacks: ["single-mask-token"] }))).toEqual([{ token: 0 }]);
  expect(oracle(candidates(confident, { target: columns(1) }))).toEqual([{ token: 1 }]);
  expect(oracle(candidates(masks(), { mask: () => rleFromCounts([20], size) }))).toEqual([{ token: 0 }]);
});

test("the single-mask token is token 0", () => {
  expect(singleMask()).toEqual([{ token: 0 }]);
});

test("a prediction of the single-mask token alone has nothing to choose from", () => {
  expect(() => mostConfident(candidates(logits(0.9)))).toThrow("there is no multimask token");
});
