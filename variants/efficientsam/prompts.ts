import type { Prompt } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import type { PromptTokens } from "../sam-decoder/prompts.ts";
import { pointsAPrompt } from "./config.ts";

const label = { boxStart: 2, boxEnd: 3 } as const;

/**
 * Returns the points, then a box's two corners. The order does not matter, since tokens are told apart by place and label
 * alone; what is missing to six points the model fills up. The authors' code cuts off what is beyond; here it is refused.
 * Throws HarnessError for that, and for a mask. Source: efficient_sam/efficient_sam.py, predict_masks.
 */
export function pointsOf({ points, box, mask }: Prompt<"model">): PromptTokens {
  const found = points.length + (box === undefined ? 0 : 2);
  if (found > pointsAPrompt)
    throw new HarnessError("EfficientSAM: a prompt holds too many points", {
      found: `${points.length} points${box === undefined ? "" : " and a box"}`,
      expected: `at most ${pointsAPrompt}, a box counting as two`,
      hint: "choose a protocol with fewer clicks, or another variant",
    });
  if (mask !== undefined)
    throw new HarnessError("EfficientSAM: a prompt brings a mask, and the model has no input for one", {
      hint: "choose a protocol that feeds no mask back",
    });
  const corners = box === undefined ? [] : [box.x0, box.y0, box.x1, box.y1];
  return {
    coordinates: [...points.flatMap(({ x, y }) => [x, y]), ...corners],
    labels: [...points.map((point) => point.label), ...(box === undefined ? [] : [label.boxStart, label.boxEnd])],
  };
}
