import type { MaskPrediction, NamedTensors, Tensor } from "../../harness/api.ts";
import { maskTokens } from "../sam-decoder/config.ts";

/** Says which logits a token has: SAM's and the HQ mask's added, or the HQ mask's alone. */
export type LogitsMode = "SAM's and HQ" | "HQ alone";

/**
 * Returns the i-th prompt's prediction from the decoder's five masks: SAM's four tokens with their predicted IoUs, since none is
 * predicted of the HQ mask. Where HQ's logits stand alone, all four tokens have the same.
 * Source: forward of segment_anything/modeling/mask_decoder_hq.py, hq_token_only.
 */
export function predictionOf(
  { low_res_masks: masks, iou_predictions: iou }: NamedTensors,
  i: number,
  mode: LogitsMode,
): MaskPrediction {
  const { dims, data } = masks!;
  const [, count, rows, columns] = dims as [number, number, number, number];
  const size = rows * columns;
  const start = i * count * size;
  const hq = data.subarray(start + maskTokens * size, start + count * size);
  const logits = new Float32Array(maskTokens * size);
  for (let token = 0; token < maskTokens; token++) {
    if (mode === "HQ alone") logits.set(hq, token * size);
    else for (let p = 0; p < size; p++) logits[token * size + p] = data[start + token * size + p]! + hq[p]!;
  }
  return {
    kind: "logits",
    lowResLogits: { dims: [maskTokens, rows, columns], data: logits },
    predictedIou: iou!.data.slice(i * maskTokens, (i + 1) * maskTokens),
  };
}

/**
 * Returns what the authors' decoder returns in each of its four modes, by the names that fixtures give it: one mask a prompt, [prompts,
 * 1, rows, columns], and its predicted IoU, [prompts]. It is the mask of token 0, or of the most confident of tokens 1 to 3.
 */
export function authorsOutputs(outputs: NamedTensors): NamedTensors {
  const named: Record<string, Tensor> = {};
  for (const [hqTokenOnly, mode] of [
    [false, "SAM's and HQ"],
    [true, "HQ alone"],
  ] as const)
    for (const multimask of [false, true]) {
      const chosen = Array.from({ length: outputs.low_res_masks!.dims[0]! }, (_, i) =>
        chosenMask(predictionOf(outputs, i, mode), multimask ? "most confident" : "token 0"),
      );
      const name = `outputs[hq_token_only=${hqTokenOnly},multimask_output=${multimask}]`;
      named[`${name}.masks`] = stacked(chosen.map(({ logits }) => logits));
      named[`${name}.iou_predictions`] = {
        dims: [chosen.length],
        data: Float32Array.from(chosen, ({ predictedIou }) => predictedIou),
      };
    }
  return named;
}

function chosenMask(prediction: MaskPrediction, which: "token 0" | "most confident") {
  if (prediction.kind !== "logits") throw new Error("HQ-SAM gives logits");
  const { lowResLogits, predictedIou } = prediction;
  const several = predictedIou.subarray(1);
  const token = which === "token 0" ? 0 : 1 + several.indexOf(Math.max(...several));
  const [, rows, columns] = lowResLogits.dims as [number, number, number];
  const size = rows * columns;
  const logits = { dims: [1, rows, columns], data: lowResLogits.data.subarray(token * size, (token + 1) * size) };
  return { logits, predictedIou: predictedIou[token]! };
}

function stacked(tensors: readonly Tensor[]): Tensor {
  const size = tensors[0]!.data.length;
  const data = new Float32Array(tensors.length * size);
  for (const [i, tensor] of tensors.entries()) data.set(tensor.data, i * size);
  return { dims: [tensors.length, ...tensors[0]!.dims], data };
}
