import type { Point, PromptSampler, Rle } from "../api.ts";
import { centrePoint, difference, union } from "../mask/index.ts";
import { isInside, maskOf } from "./pixels.ts";

/**
 * Sampler that first gives the pixel farthest from the mask's outline, then each time adds the pixel farthest from the outline
 * of what is wrong. Missed pixels and added pixels make one wrong region, and the label says in which of the two the point
 * fell. No pixel comes twice.
 * Source: Kirillov et al., Segment Anything, 2023, appendix D.1; first maximum in row-major order, the image's edge counts as
 * outline.
 */
export const centrePoints: PromptSampler = {
  id: "centre-points",
  size: (step) => ({ points: step, box: false }),
  *prompts(target) {
    const mask = maskOf(target);
    const points: Point[] = [];
    let wrong = mask;
    for (;;) {
      const centre = centrePoint(wrong, points);
      if (centre !== undefined) points.push({ x: centre.x, y: centre.y, label: isInside(mask, centre) ? 1 : 0 });
      const feedback = yield { frame: "image", points: [...points] };
      wrong = errorRegion(mask, feedback.mask);
    }
  },
};

/** Returns the pixels that the prediction misses together with those that it adds. */
export function errorRegion(mask: Rle, prediction: Rle): Rle {
  return union([difference(mask, prediction), difference(prediction, mask)]);
}
