import type { MaskPrediction, NamedTensors, Tensor } from "../../harness/api.ts";

/** Settings that build_sam2 gives the decoder unless it is told otherwise; the YAML files do not have them. */
const rule = { delta: 0.05, stable: 0.98 };

/**
 * Returns |{logit > 0.05}| / |{logit > -0.05}| over a token's low-res logits, 1 where no logit is over -0.05.
 * Source: _get_stability_scores of sam2/modeling/sam/mask_decoder.py, which counts in float32.
 */
export function lowResStability(logits: Float32Array): number {
  const delta = Math.fround(rule.delta);
  let inside = 0;
  let around = 0;
  for (const logit of logits) {
    if (logit > delta) inside++;
    if (logit > -delta) around++;
  }
  return around === 0 ? 1 : Math.fround(inside / around);
}

/**
 * Returns the token that SAM 2 gives as its one mask: token 0 where its mask is stable, else the one of the others with the
 * highest predicted IoU. Source: _dynamic_multimask_via_stability of sam2/modeling/sam/mask_decoder.py.
 */
export function singleMaskToken(stability: number, predictedIou: ArrayLike<number>): number {
  if (stability >= rule.stable) return 0;
  let best = 1;
  for (let token = 2; token < predictedIou.length; token++)
    if (predictedIou[token]! > predictedIou[best]!) best = token;
  return best;
}

/**
 * Returns a prediction of four tokens whose token 0 is the one mask that SAM 2's predictor gives, with that mask's predicted IoU.
 * The other tokens stay.
 */
export function withSingleMask(prediction: MaskPrediction): MaskPrediction {
  if (prediction.kind !== "logits") throw new Error("SAM 2 gives logits");
  const { lowResLogits, predictedIou } = prediction;
  const [, rows, columns] = lowResLogits.dims as [number, number, number];
  const size = rows * columns;
  const token = singleMaskToken(lowResStability(lowResLogits.data.subarray(0, size)), predictedIou);
  if (token === 0) return prediction;
  const data = lowResLogits.data.slice();
  data.copyWithin(0, token * size, (token + 1) * size);
  const ious = predictedIou.slice();
  ious[0] = ious[token]!;
  return { kind: "logits", lowResLogits: { dims: lowResLogits.dims, data }, predictedIou: ious };
}

/** Returns the choice for each prompt of a decoder's outputs, with the logits multiplied by `scale`; each value is [prompts]. */
export function singleMasks({ low_res_masks, iou_predictions }: NamedTensors, scale: number): NamedTensors {
  const { dims, data } = low_res_masks!;
  const [prompts, tokens, rows, columns] = dims as [number, number, number, number];
  const size = rows * columns;
  const choices = Array.from({ length: prompts }, (_, i) => {
    const logits = data.slice(i * tokens * size, i * tokens * size + size).map((logit) => logit * scale);
    const stability = lowResStability(logits);
    const ious = iou_predictions!.data.subarray(i * tokens, (i + 1) * tokens);
    const token = singleMaskToken(stability, ious);
    return { stability, token, iou: ious[token]! };
  });
  const tensorOf = (values: readonly number[]): Tensor => ({ dims: [prompts], data: Float32Array.from(values) });
  return {
    stability_of_token_0: tensorOf(choices.map(({ stability }) => stability)),
    iou_predictions: tensorOf(choices.map(({ iou }) => iou)),
    chosen_token: tensorOf(choices.map(({ token }) => token)),
  };
}
