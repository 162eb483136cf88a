import type { Category, FederatedLists, ImageId, Size } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { ascendingIds, type OriginalIds } from "../json/ids.ts";
import type { AnnotationFile, ScoredFile } from "./annotationFile.ts";
import type { DetectionTable } from "./detections/detectionTable.ts";
import type { ScoredAnnotation } from "./scoredAnnotation.ts";

export interface GroundTruth {
  /** Ascending. */
  readonly images: readonly ImageId[];
  readonly categories: readonly Category[];
  /** The categories' ids that are numbered anew, where there are some: the order of categories goes by the ids of the file. */
  readonly originalCategories?: OriginalIds;
  /**
   * True where annotation ids are a file's own: both reference tools take id 0 for "no match", and figures that are to agree
   * with theirs do the same.
   */
  readonly idZeroIsNoMatch: boolean;
  /**
   * True where masks are files' own: as in the reference tools, a mask of another size than the annotation's matches nothing.
   * It is an error otherwise.
   */
  readonly foreignSizesMatchNothing: boolean;
  /** Returns the size of an image; undefined where the file gives none. */
  sizeOf(image: ImageId): Size | undefined;
  annotationsOf(image: ImageId): readonly ScoredAnnotation[];
  /** Absent where the data has no such lists. */
  readonly listsOf?: (image: ImageId) => FederatedLists;
}

/** Returns the ground truth of an annotation file. */
export function truthOf(annotations: AnnotationFile | ScoredFile): GroundTruth {
  const { images, categories, originals, annotationsOf, listsOf } = annotations;
  const sizes = new Map(images.map(({ id, size }) => [id, size]));
  return {
    images: images.map(({ id }) => id).sort(ascendingIds(originals.images)),
    categories,
    originalCategories: originals.categories,
    annotationsOf,
    idZeroIsNoMatch: true,
    foreignSizesMatchNothing: true,
    sizeOf: (image) => sizes.get(image),
    listsOf,
  };
}

/**
 * Throws HarnessError at the first detection of an image or category that the annotations do not know: a results file for other
 * annotations would otherwise score low and say nothing.
 */
export function checkDetections(
  detections: DetectionTable,
  annotations: Pick<ScoredFile, "file" | "images" | "categories">,
  detectionFile: string,
): void {
  const images = new Set(annotations.images.map(({ id }) => id));
  const categories = new Set(annotations.categories.map(({ id }) => id));
  // Texts are made for the detection that is wrong, not for each.
  const unknown = (what: "image" | "category", idOf: (index: number) => number, ids: IdSet, index: number) => {
    const { field, plural, hint } = references[what];
    let others = 0;
    for (let i = 0; i < detections.count; i++) if (!ids.has(idOf(i))) others++;
    return new HarnessError(
      `${detectionFile}: detection [${index}], ${field}: no such ${what} in ${annotations.file}`,
      {
        found: `${what} ${detections.digitsOf(idOf(index))}; ${others} of ${detections.count} detections are of unknown ${plural}`,
        hint,
      },
    );
  };
  for (let i = 0; i < detections.count; i++) {
    if (!images.has(detections.imageOf(i))) throw unknown("image", (index) => detections.imageOf(index), images, i);
    if (!categories.has(detections.categoryOf(i)))
      throw unknown("category", (index) => detections.categoryOf(index), categories, i);
  }
}

/** Counts the detections whose mask has another size than their image: such a mask matches nothing. */
export function countForeignMasks(detections: DetectionTable, { images }: Pick<ScoredFile, "images">): number {
  const sizes = new Map(images.map(({ id, size }) => [id, size]));
  let count = 0;
  for (let i = 0; i < detections.count; i++) {
    const size = detections.hasMask(i) ? sizes.get(detections.imageOf(i)) : undefined;
    if (size === undefined) continue;
    const { height, width } = detections.sizeOf(i);
    if (height !== size.height || width !== size.width) count++;
  }
  return count;
}

interface IdSet {
  has(id: number): boolean;
}

/** The two references of a detection to the annotations, with a hint at what is usually wrong where one is unknown. */
const references = {
  image: {
    field: "image_id",
    plural: "images",
    hint: "are the annotations those of the dataset that the detections were made on?",
  },
  category: {
    field: "category_id",
    plural: "categories",
    hint: "detectors that count classes from 0 need their ids mapped to the dataset's; are the annotations of another dataset?",
  },
} as const;
