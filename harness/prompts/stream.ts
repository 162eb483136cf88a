import type { PromptSampler, Random, Target } from "../api.ts";
import { random } from "../stats/random.ts";

/** Returns the stream that a sampler draws from for one target. The stream depends on nothing else. */
export function streamOf(seed: number, sampler: PromptSampler, target: Pick<Target, "id">): Random {
  return random(seed, sampler.id, target.id);
}
