import type { Feedback, Point, Prompt, PromptSampler, Rle, Target } from "../api.ts";
import { centrePoint, difference, rleFromCounts } from "../mask/index.ts";
import { maskOf } from "./pixels.ts";

/**
 * Sampler of simulated clicks. Each click goes where the prediction is wrong by most: a foreground click on what the prediction
 * misses, a background click on what it adds. Before the first click the prediction is empty. All clicks so far make the
 * prompt, in the order made.
 * Source: the clicker of SamsungLabs/ritm_interactive_segmentation, as in EfficientViT-SAM's evaluation.
 */
export const clicks: PromptSampler = {
  id: "clicks",
  size: (step) => ({ points: step, box: false }),
  prompts: (target) => clickPrompts(target, () => undefined),
};

/**
 * Sampler of the same clicks, where each prompt after the first also feeds back the low-res logits of the mask that was kept
 * before. Throws where the variant gives no logits.
 */
export const clicksWithMask: PromptSampler = {
  id: "clicks-with-mask",
  size: (step) => ({ points: step, box: false }),
  prompts: (target) =>
    clickPrompts(target, ({ lowResLogits }) => {
      if (lowResLogits === undefined) throw new Error(`target ${target.id}: a mask without logits can not be fed back`);
      return lowResLogits;
    }),
};

/** Yields the prompts of one target. `fedBack` returns what a prompt holds of the prediction before it. */
function* clickPrompts(
  target: Target,
  fedBack: (feedback: Feedback) => Prompt<"image">["mask"],
): ReturnType<PromptSampler["prompts"]> {
  const mask = maskOf(target);
  const made = [nextClick(mask, rleFromCounts([mask.size.height * mask.size.width], mask.size), [])];
  let feedback = yield { frame: "image", points: [...made] };
  for (;;) {
    made.push(nextClick(mask, feedback.mask, made));
    feedback = yield { frame: "image", points: [...made], mask: fedBack(feedback) };
  }
}

/**
 * Returns the next click: a foreground click only if the missed region reaches deeper than the added one. Pixels clicked before
 * do not count.
 */
function nextClick(mask: Rle, prediction: Rle, made: readonly Point[]): Point {
  const missed = centrePoint(difference(mask, prediction), made);
  const added = centrePoint(difference(prediction, mask), made);
  if (missed !== undefined && missed.distancePx > (added?.distancePx ?? 0)) {
    return { x: missed.x, y: missed.y, label: 1 };
  }
  // Where nothing is wrong, the source takes the first maximum of a map of zeros: a background click on the first pixel.
  return added === undefined ? { x: 0, y: 0, label: 0 } : { x: added.x, y: added.y, label: 0 };
}
