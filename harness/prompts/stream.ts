import type { PromptSampler, Random, Target } from "../api.ts";
import { random } from "../stats/random.ts";

/** The stream a sampler draws from for one target: it depends on nothing else. */
export function streamOf(seed: number, sampler: PromptSampler, target: Pick<Target, "id">): Random {
  return random(seed, sampler.id, target.id);
}
