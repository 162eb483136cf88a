/** A set of images that papers evaluate on, and how a run can be told to have used it. */
export interface EvaluationSet {
  readonly title: string;
  /** Dataset id of a run. */
  readonly dataset: string;
  readonly images: number;
  /** Images with an annotation. A run of these is on the whole set for means over annotations. */
  readonly annotated: number;
}

export const evaluationSets: Readonly<Record<string, EvaluationSet>> = {
  // 48 of the images have no annotation. Source: segment-anything-fast, experiments/results.csv, num_images.
  "coco-val2017": { title: "COCO val2017", dataset: "coco", images: 5000, annotated: 4952 },
  // Images without an annotation are in the file all the same.
  "lvis-v1-val": { title: "LVIS v1 val", dataset: "lvis", images: 19_809, annotated: 19_809 },
};

/**
 * What a figure is over: annotations, as mean IoU and average recall, or every image, as average precision, which a detection
 * on an image without an annotation lowers.
 */
export type Needs = "annotated" | "images";

/**
 * `whole` and `part` by the number of images, which is all that tells: fingerprints of the published sets are not known here.
 * `other`: more images than the set has, so it is another (train2017).
 */
export type Extent = "whole" | "part" | "other";

export function extentOf(
  set: EvaluationSet,
  images: { readonly finished: number; readonly planned: number },
  needs: Needs,
): Extent {
  if (images.planned > set.images) return "other";
  return images.finished >= set[needs] ? "whole" : "part";
}
