import type { PromptSampler } from "../api.ts";
import { areaOf } from "../mask/index.ts";
import { sampleWithoutReplacement } from "../stats/random.ts";
import { maskOf, pixelsAt } from "./pixels.ts";

/**
 * Returns a sampler that gives `count` different pixels of the mask in one prompt, drawn uniformly, all of them foreground;
 * where the mask has fewer pixels, it gives all. Every count draws from the same stream, so one point is the first of three,
 * and the draw is no part of the difference between the two.
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
