import type { Prompt, Tensor } from "../../harness/api.ts";
import { label, type PromptTokens } from "../sam-decoder/prompts.ts";

const largestLogit = 32;

/**
 * Returns a box's two corners first, then the points, then a padding point, with a box too: SAM 2's predictor hands a box to the
 * prompt encoder as two points. EdgeTAM and EfficientTAM do so too.
 * Source: _predict of sam2/sam2_image_predictor.py; _embed_points of sam2/modeling/sam/prompt_encoder.py.
 */
export function sam2TokensOf({ points, box, mask }: Prompt<"model">): PromptTokens {
  const corners = box === undefined ? [] : [box.x0, box.y0, box.x1, box.y1];
  const cornerLabels = box === undefined ? [] : [label.boxStart, label.boxEnd];
  return {
    coordinates: [...corners, ...points.flatMap(({ x, y }) => [x, y]), 0, 0],
    labels: [...cornerLabels, ...points.map((point) => point.label), label.padding],
    mask: mask && within(mask),
  };
}

/**
 * Returns logits cut to ±32: the predictor hands out low-res logits like that, and upscales them as they are. Source: predict of
 * sam2/sam2_image_predictor.py.
 */
function within({ dims, data }: Tensor): Tensor {
  return { dims, data: data.map((logit) => Math.min(Math.max(logit, -largestLogit), largestLogit)) };
}
