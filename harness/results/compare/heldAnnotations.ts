import type { Annotation, Dataset, ImageId } from "../../api.ts";

const defaults = {
  /** Most annotations that stay in memory, with their masks: those of COCO's val2017 fit, at about 3 KB each. */
  annotations: 50_000,
};

/**
 * Returns the dataset with the annotations of its images in memory once they were asked for, masks included: a comparison asks four
 * times, for the targets and for the matching of each side. Those beyond the limit are read anew each time.
 */
export function withHeldAnnotations<D extends Pick<Dataset, "annotationsOf">>(
  dataset: D,
  { annotations: limit }: { readonly annotations: number } = defaults,
): D {
  const held = new Map<ImageId, readonly Annotation[]>();
  let count = 0;
  return {
    ...dataset,
    annotationsOf(image) {
      const known = held.get(image);
      if (known !== undefined) return known;
      const annotations = dataset.annotationsOf(image);
      if (count + annotations.length > limit) return annotations;
      held.set(image, annotations);
      count += annotations.length;
      return annotations;
    },
  };
}
