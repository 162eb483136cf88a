import { expect, test } from "vitest";
import { authorsOutputs, predictionOf } from "./modes.ts";

/** Two prompts' five masks of 1 x 1 pixels: SAM's four, then the HQ mask. */
const outputs = {
  low_res_masks: { dims: [2, 5, 1, 1], data: Float32Array.of(1, 2, 3, 4, 0.5, 10, 20, 30, 40, -5) },
  iou_predictions: { dims: [2, 4], data: Float32Array.of(0.125, 0.25, 0.75, 0.5, 1, 0.5, 0.25, 0.25) },
};

test("each token has SAM's logits and HQ's added, with the predicted IoU of SAM's mask", () => {
  expect(predictionOf(outputs, 1, "SAM's and HQ")).toEqual({
    kind: "logits",
    lowResLogits: { dims: [4, 1, 1], data: Float32Array.of(5, 15, 25, 35) },
    predictedIou: Float32Array.of(1, 0.5, 0.25, 0.25),
  });
});

test("where HQ's logits stand alone, all tokens have them, with the predicted IoUs of SAM's masks", () => {
  expect(predictionOf(outputs, 0, "HQ alone")).toEqual({
    kind: "logits",
    lowResLogits: { dims: [4, 1, 1], data: Float32Array.of(0.5, 0.5, 0.5, 0.5) },
    predictedIou: Float32Array.of(0.125, 0.25, 0.75, 0.5),
  });
});

test("the authors' four modes take token 0, or the first most confident of the others, and its predicted IoU", () => {
  const named = Object.entries(authorsOutputs(outputs)).map(([name, { dims, data }]) => [name, dims, [...data]]);
  const mode = (hq: boolean, several: boolean) => `outputs[hq_token_only=${hq},multimask_output=${several}]`;
  expect(named).toEqual([
    [`${mode(false, false)}.masks`, [2, 1, 1, 1], [1.5, 5]],
    [`${mode(false, false)}.iou_predictions`, [2], [0.125, 1]],
    [`${mode(false, true)}.masks`, [2, 1, 1, 1], [3.5, 15]],
    [`${mode(false, true)}.iou_predictions`, [2], [0.75, 0.5]],
    [`${mode(true, false)}.masks`, [2, 1, 1, 1], [0.5, -5]],
    [`${mode(true, false)}.iou_predictions`, [2], [0.125, 1]],
    [`${mode(true, true)}.masks`, [2, 1, 1, 1], [0.5, -5]],
    [`${mode(true, true)}.iou_predictions`, [2], [0.75, 0.5]],
  ]);
});
