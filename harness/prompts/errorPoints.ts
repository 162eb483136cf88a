import type { Box, Point, PromptSampler, Random, Rle, Target } from "../api.ts";
import { areaOf, centrePoint } from "../mask/index.ts";
import { integer } from "../stats/random.ts";
import { errorRegion } from "./centrePoint.ts";
import { isInside, maskOf, pixelsAt } from "./pixels.ts";

/** Side of the decoder's masks in the source, and how many of their pixels must be wrong for a point to be drawn. */
const decoderSide = 256;
const leastWrong = 10;

/**
 * Sampler that gives the box, then one more point at each step, drawn uniformly from what is wrong. Source: as
 * centreThenErrors.
 */
export const boxThenErrors: PromptSampler = {
  id: "box-then-errors",
  size: (step) => ({ points: step - 1, box: true }),
  *prompts(target, random) {
    yield* withErrorPoints({ target, random, box: target.box, points: [] });
  },
};

/**
 * Sampler that gives the pixel farthest from the mask's outline, then one more point at each step, drawn uniformly from what is
 * wrong.
 * Source: evaluation/eval_mIoU.py and edge_sam/utils/common.py of chongzhou96/EdgeSAM.
 */
export const centreThenErrors: PromptSampler = {
  id: "centre-then-errors",
  size: (step) => ({ points: step, box: false }),
  *prompts(target, random) {
    const centre = centrePoint(maskOf(target));
    if (centre === undefined)
      throw new Error(`target ${target.id}: its mask has no pixel; the protocol should leave it out`);
    yield* withErrorPoints({ target, random, points: [{ x: centre.x, y: centre.y, label: 1 }] });
  },
};

interface Start {
  readonly target: Target;
  readonly random: Random;
  readonly box?: Box;
  readonly points: readonly Point[];
}

function* withErrorPoints({ target, random, box, points }: Start): ReturnType<PromptSampler["prompts"]> {
  const mask = maskOf(target);
  const given = [...points];
  for (;;) {
    const feedback = yield { frame: "image", points: [...given], box };
    const drawn = errorPoint(mask, feedback.mask, random);
    if (drawn !== undefined) given.push(drawn);
  }
}

/**
 * Draws a point from what is wrong. Returns undefined where less is wrong than ten pixels of the decoder's mask, whose longest
 * side spans the image's.
 */
function errorPoint(mask: Rle, prediction: Rle, random: Random): Point | undefined {
  const wrong = errorRegion(mask, prediction);
  const area = areaOf(wrong);
  const decoderPixelArea = (Math.max(mask.size.height, mask.size.width) / decoderSide) ** 2;
  if (area === 0 || area < leastWrong * decoderPixelArea) return undefined;
  const [pixel] = pixelsAt(wrong, [integer(random, area)]);
  return { ...pixel!, label: isInside(mask, pixel!) ? 1 : 0 };
}
