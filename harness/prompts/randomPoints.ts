import type { PromptSampler } from "../api.ts";
import { areaOf } from "../mask/index.ts";
import { sampleWithoutReplacement } from "../stats/random.ts";
import { maskOf, pixelsAt } from "./pixels.ts";

/**
 * `count` different pixels of the mask in one prompt, uniform over its pixels, all foreground; all of them where the mask has
 * fewer. Every count draws from the same stream, so one point is the first of three: their difference is not the draw's.
 */
export function randomPoints(count: number): PromptSampler {
  return {
    id: "random-points",
    size: () => ({ points: count, box: false }),
    *prompts(target, random) {
      const mask = maskOf(target);
      const area = areaOf(mask);
      const places = sampleWithoutReplacement(random, area, Math.min(count, area));
      yield { frame: "image", points: pixelsAt(mask, places).map(({ x, y }) => ({ x, y, label: 1 })) };
    },
  };
}
