import type { Box, PromptSampler, Target } from "../api.ts";
import { boxOf } from "../mask/index.ts";
import { maskOf } from "./pixels.ts";

/** The box as the annotation or the detector gives it, once. */
export const givenBox: PromptSampler = {
  id: "given-box",
  *prompts(target) {
    yield { frame: "image", points: [], box: target.box };
  },
};

/** The tightest box around the mask, x1 and y1 one past its last pixel, once. Throws for a mask without a pixel. */
export const maskBox: PromptSampler = {
  id: "mask-box",
  *prompts(target) {
    yield { frame: "image", points: [], box: tightest(target) };
  },
};

function tightest(target: Target): Box {
  const box = boxOf(maskOf(target));
  if (box === undefined)
    throw new Error(`target ${target.id}: its mask has no pixel; the protocol should leave it out`);
  return box;
}
