import type { AnnotationFacts, Dataset } from "../api.ts";
import { HarnessError } from "../errors.ts";
import type { RunPlan } from "../plan/plan.ts";
import { passesOf } from "../protocols/index.ts";

/**
 * Returns the facts that a floor may use. It reads annotations only where the plan's prompts need them, since reading all of a
 * large set takes time.
 */
export function annotationFacts({ dataset, prompts }: Pick<RunPlan, "dataset" | "prompts">): AnnotationFacts {
  const hasPoints = passesOf(prompts).some(({ pass }) =>
    pass.scored.some(({ step }) => pass.sampler.size(step).points > 0),
  );
  return { meanMaskShare: hasPoints ? meanMaskShare(dataset) : undefined };
}

/** Returns the mean share over all images of the run, not of a shard's, so that every shard draws discs of one size. */
function meanMaskShare({ id, images, annotationsOf }: Dataset): number {
  let sum = 0;
  let count = 0;
  for (const { id: image, size } of images)
    for (const { areaPx, crowd } of annotationsOf(image)) {
      if (crowd || areaPx === 0) continue;
      sum += areaPx / (size.height * size.width);
      count += 1;
    }
  if (count > 0) return sum / count;
  throw new HarnessError(`dataset ${id}: no mask of these images has an area, so a disc of their mean size has none`, {
    hint: "--no-baseline leaves the floor out; --limit or --image choose other images",
  });
}
