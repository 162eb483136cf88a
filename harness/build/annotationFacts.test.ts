import { expect, test } from "vitest";
import type { Annotation, Dataset } from "../api.ts";
import { promptPlan } from "../protocols/index.ts";
import { annotationFacts } from "./annotationFacts.ts";

/** Returns two photos, 100 and 400 px large, with annotations of these areas. */
function dataset(areas: readonly (readonly [areaPx: number, crowd?: "crowd"])[][]): Dataset {
  const annotationsOf = (image: number) =>
    areas[image - 1]!.map(([areaPx, crowd]) => ({ areaPx, crowd: crowd !== undefined }) as Annotation);
  return {
    id: "two",
    images: [
      { id: 1, fileName: "1.jpg", size: { height: 10, width: 10 } },
      { id: 2, fileName: "2.jpg", size: { height: 20, width: 20 } },
    ],
    categories: [],
    fingerprint: "",
    warnings: [],
    read: () => Promise.reject(new Error("no photo is looked at")),
    targetsOf: annotationsOf,
    annotationsOf,
  };
}

// Shares 0.1, 0.3 and 0.05: a photo with more annotations counts more, a larger photo does not.
test("the mean share of masks is over annotations, each a share of its own photo, without crowds", () => {
  const two = dataset([
    [[10], [30]],
    [[20], [400, "crowd"], [0]],
  ]);
  const { meanMaskShare } = annotationFacts({ dataset: two, prompts: promptPlan({ prompts: "1p" }) });
  expect(meanMaskShare).toBeCloseTo(0.15, 12);
});

test("a run of boxes alone needs no annotation, and a run of points without a mask is told what to do", () => {
  const none = dataset([[], [[0]]]);
  expect(annotationFacts({ dataset: none, prompts: promptPlan({ prompts: "box" }) }).meanMaskShare).toBeUndefined();
  expect(() => annotationFacts({ dataset: none, prompts: promptPlan({ prompts: "box,3p" }) })).toThrow(
    "dataset two: no mask of these images has an area",
  );
});
