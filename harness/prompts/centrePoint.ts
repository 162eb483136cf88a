import type { Point, PromptSampler, Rle } from "../api.ts";
import { centrePoint, difference, union } from "../mask/index.ts";
import { isInside, maskOf } from "./pixels.ts";

/**
 * First the pixel farthest from the mask's outline, then each time the one farthest from the outline of what is wrong: pixels
 * missed and pixels added are one region, and the label says in which of the two the point fell. No pixel comes twice.
 * Source: Kirillov et al., Segment Anything, 2023, appendix D.1; first maximum in row-major order, the image's edge an outline.
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

/** Pixels missed, and pixels added. */
export function errorRegion(mask: Rle, prediction: Rle): Rle {
  return union([difference(mask, prediction), difference(prediction, mask)]);
}
