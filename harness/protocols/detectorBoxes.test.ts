import { expect, test } from "vitest";
import type { Candidates, Feedback, Prompt, Target } from "../api.ts";
import { rleFromBox } from "../mask/index.ts";
import { streamOf } from "../prompts/stream.ts";
import { protocolOf } from "./index.ts";

const size = { height: 40, width: 40 };
const box = { x0: 10, y0: 10, x1: 20, y1: 20 };
const target: Target = { id: 5, image: 1, category: 2, box, areaPx: 100, crowd: false, score: 0.5 };
const prompt: Prompt<"image"> = { frame: "image", points: [], box };

/** Token 1 fits the box, token 3 is the most confident; token 0 is the single-mask token. */
const predictedIou = [0.25, 0.5, 0.25, 0.75];
const masks = [
  rleFromBox({ x0: 0, y0: 0, x1: 40, y1: 40 }, size),
  rleFromBox({ x0: 10, y0: 10, x1: 20, y1: 19 }, size),
  rleFromBox({ x0: 0, y0: 0, x1: 5, y1: 5 }, size),
  rleFromBox({ x0: 10, y0: 10, x1: 30, y1: 30 }, size),
];
const candidates: Candidates = {
  target,
  prompt,
  lacks: [],
  prediction: {
    kind: "logits",
    lowResLogits: { dims: [4, 1, 1], data: new Float32Array(4) },
    predictedIou: Float32Array.from(predictedIou),
  },
  mask: (token) => masks[token]!,
  stability: () => 1,
  maskAbove: () => undefined,
  random: () => ({ next: () => 0 }),
};

test.each([
  ["ap-vitdet-argmax", 3, 0.5],
  ["ap-vitdet-norefine", 3, 0.5],
  ["ap-vitdet-refine", 3, 0.5],
  // The mask with the highest IoU with the box.
  ["ap-vitdet-boxiou", 1, 0.5],
  // The single-mask token, and the detector's score times its predicted IoU.
  ["ap-detector-samiou", 0, 0.125],
  // Annotated boxes have no detector: predicted IoU.
  ["ap-gtbox", 3, 0.75],
])("%s keeps token %i with score %d", (id, token, score) => {
  expect(protocolOf(id).passes[0]!.choose(candidates)).toEqual([{ token, score }]);
});

test("a detection is prompted by the protocols of detector boxes alone, an annotation by ap-gtbox", () => {
  const annotation: Target = { ...target, mask: masks[1]! };
  const { score: _, ...unscored } = annotation;
  expect(protocolOf("ap-vitdet-argmax").includes(target)).toBe(true);
  expect(protocolOf("ap-vitdet-argmax").includes(unscored)).toBe(false);
  expect(protocolOf("ap-gtbox").includes(unscored)).toBe(true);
  expect(protocolOf("ap-gtbox").includes({ ...unscored, crowd: true })).toBe(false);
});

test("refinement feeds the kept mask's logits back with the same box, and scores the second pass", () => {
  const [pass] = protocolOf("ap-vitdet-refine").passes;
  expect(pass!.scored).toEqual([{ step: 2, prompts: "det-refine" }]);
  const steps = pass!.sampler.prompts(target, streamOf(0, pass!.sampler, target));
  expect(steps.next(undefined as never).value).toEqual(prompt);
  const lowResLogits = { dims: [1, 1, 1], data: Float32Array.of(4) };
  const feedback: Feedback = { mask: masks[3]!, lowResLogits, token: 3 };
  expect(steps.next(feedback).value).toEqual({ ...prompt, mask: lowResLogits });
  expect(() => steps.next({ mask: masks[3]!, token: 0 })).toThrow("a mask can not be refined");
});
