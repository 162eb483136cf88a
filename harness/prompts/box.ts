import type { Box, Feedback, PromptSampler, Target } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { boxOf } from "../mask/index.ts";
import { maskOf } from "./pixels.ts";

/** Sampler that gives the box of the annotation or of the detector, once. */
export const givenBox: PromptSampler = {
  id: "given-box",
  size: () => ({ points: 0, box: true }),
  *prompts(target) {
    yield { frame: "image", points: [], box: target.box };
  },
};

/**
 * Sampler that gives the tightest box around the mask, once. x1 and y1 are one past the last pixel. Throws for a mask without a
 * pixel.
 */
export const maskBox: PromptSampler = {
  id: "mask-box",
  size: () => ({ points: 0, box: true }),
  *prompts(target) {
    yield { frame: "image", points: [], box: tightest(target) };
  },
};

/** Sampler that gives the box, then again and again the box with the logits of the mask that was kept. */
export const refinedBox: PromptSampler = {
  id: "refined-box",
  size: () => ({ points: 0, box: true }),
  *prompts(target) {
    let kept: Feedback = yield { frame: "image", points: [], box: target.box };
    for (;;) {
      const mask = kept.lowResLogits;
      if (mask === undefined)
        throw new HarnessError("a mask can not be refined", {
          found: "a variant without logits",
          hint: "leave the variant or the protocol out",
        });
      kept = yield { frame: "image", points: [], box: target.box, mask };
    }
  },
};

function tightest(target: Target): Box {
  const box = boxOf(maskOf(target));
  if (box === undefined)
    throw new Error(`target ${target.id}: its mask has no pixel; the protocol should leave it out`);
  return box;
}
