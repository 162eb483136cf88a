import type { AnnotationFacts, Variant } from "../../harness/api.ts";
import { promptMask } from "./promptMask.ts";

/** The predicted IoU of every mask: it is the same for all, so that nothing is ranked by it. */
const score = 1;

/** Loads a variant that answers from the prompt alone: `encode` keeps nothing of a photo but its size. */
export function loadPromptMask({ meanMaskShare }: AnnotationFacts = {}): Variant {
  return {
    async encode({ geometry }) {
      return { tensor: { dims: [1, 1, 1, 1], data: new Float32Array(1) }, geometry };
    },
    async decode({ geometry }, prompts) {
      const { height, width } = geometry.image;
      const areaPx = () => {
        if (meanMaskShare === undefined)
          throw new Error("baseline/prompt: a point, and no mean share of masks is known");
        return meanMaskShare * height * width;
      };
      return prompts.map((prompt) => ({
        kind: "masks",
        masks: [promptMask(prompt, geometry, areaPx)],
        scores: Float32Array.of(score),
      }));
    },
    async close() {},
  };
}
