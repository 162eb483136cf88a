/** Samplers: from a target, and from what the model made of the prompt before, to the next prompt in the image frame. */
import type { PromptSampler, Random, Target } from "../api.ts";
import { random } from "../stats/random.ts";
import { givenBox, maskBox, refinedBox } from "./box.ts";
import { centreOfMass } from "./centreOfMass.ts";
import { centrePoints } from "./centrePoint.ts";
import { clicks } from "./clicks.ts";
import { cropsOf } from "./crops.ts";
import { boxThenErrors, centreThenErrors } from "./errorPoints.ts";
import { gridPoint, noPrompt } from "./grid.ts";
import { randomPoints } from "./randomPoints.ts";

export { hasPixels } from "./pixels.ts";
export {
  boxThenErrors,
  centreOfMass,
  centrePoints,
  centreThenErrors,
  clicks,
  cropsOf,
  givenBox,
  gridPoint,
  maskBox,
  noPrompt,
  randomPoints,
  refinedBox,
};

export const samplers: readonly PromptSampler[] = [
  givenBox,
  maskBox,
  refinedBox,
  gridPoint,
  noPrompt,
  randomPoints(1),
  randomPoints(3),
  centrePoints,
  clicks,
  centreOfMass,
  boxThenErrors,
  centreThenErrors,
];

/** The stream a sampler draws from for one target: it depends on nothing else. */
export function streamOf(seed: number, sampler: PromptSampler, target: Pick<Target, "id">): Random {
  return random(seed, sampler.id, target.id);
}
