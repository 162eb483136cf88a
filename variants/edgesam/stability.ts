import type { GraphValue } from "../../harness/api.ts";
import { child, take } from "../../harness/onnx/index.ts";
import { type MaskScores, maskTokens } from "../sam-decoder/config.ts";

/** The threshold is moved by so many logits, up and down. Source: stability_score_offset of edge_sam/predictor.py. */
const offset = 1;

/** ONNX's number of float32, as Cast wants it. */
const float32 = 1;

/**
 * Scores each mask by its stability, [prompts, masks]: the places of its low-res logits above the offset, over those above minus
 * the offset. A mask without a place is 0, where the source divides by 0. The head that predicts IoU is not run.
 * Source: calculate_stability_score of edge_sam/utils/amg.py, as predict_torch of edge_sam/predictor.py calls it.
 */
export const stabilityScores: MaskScores = (decoder, { lowResLogits }, { embedding, iouHead }) => {
  const { graph } = decoder;
  const widths = [embedding, iouHead, iouHead, maskTokens];
  for (let i = 0; i + 1 < widths.length; i++) {
    const layer = child(decoder, `iou_prediction_head.layers.${i}`);
    graph.withoutEffect(take(layer, "weight", [widths[i + 1]!, widths[i]!]));
    graph.withoutEffect(take(layer, "bias", [widths[i + 1]!]));
  }
  const placesAbove = (threshold: number): GraphValue => {
    const above = graph.op("Cast", [graph.op("Greater", [lowResLogits, graph.number(threshold)])], { to: float32 });
    return graph.op("ReduceSum", [above, graph.ints([2, 3])], { keepdims: 0 });
  };
  return graph.op("Div", [placesAbove(offset), graph.op("Max", [placesAbove(-offset), graph.number(1)])]);
};
