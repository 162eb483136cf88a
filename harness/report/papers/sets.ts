/** A set of images that papers evaluate on, and the facts that tell whether a run used it. */
export interface EvaluationSet {
  readonly title: string;
  /** Id of the dataset that a run on this set has. */
  readonly dataset: string;
  readonly images: number;
  /** Number of images with an annotation. A run on these is on the whole set for means over annotations. */
  readonly annotated: number;
  /** Fingerprint of the data set, where the number of images does not tell it from others. */
  readonly fingerprint?: string | undefined;
}

export type EvaluationSets = Readonly<Record<string, EvaluationSet>>;

export const evaluationSets: EvaluationSets = {
  // 48 of the images have no annotation. Source: segment-anything-fast, experiments/results.csv, num_images.
  "coco-val2017": { title: "COCO val2017", dataset: "coco", images: 5000, annotated: 4952 },
  // Images without an annotation are in the file all the same.
  "lvis-v1-val": { title: "LVIS v1 val", dataset: "lvis", images: 19_809, annotated: 19_809 },
};

/**
 * Says which images a figure needs: those with annotations, as mean IoU and average recall, or every image, as average
 * precision, which a detection on an image without annotation lowers.
 */
export type Needs = "annotated" | "images";

/**
 * Says how much of a set a run is on. `whole` and `part` follow from the number of images, since fingerprints of published
 * sets are not known here. `other`: the run has more images than the set, so it is on another one (train2017).
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
