import type { Annotation, Category, FederatedLists, ImageId, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import type { AnnotationFile } from "./annotations.ts";
import type { DetectionTable } from "./detectionTable.ts";

/** An annotation to score against. */
export interface ScoredAnnotation extends Annotation {
  /** width * height of the box as the file gives them; from the corners without it. */
  readonly boxAreaPx?: number;
}

export interface GroundTruth {
  /** Ascending. */
  readonly images: readonly ImageId[];
  readonly categories: readonly Category[];
  /** Where annotation ids are a file's own: both reference tools take id 0 for "no match", and so do figures that are to agree. */
  readonly idZeroIsNoMatch: boolean;
  annotationsOf(image: ImageId): readonly ScoredAnnotation[];
  /** Absent where the data has no such lists. */
  readonly listsOf?: (image: ImageId) => FederatedLists;
}

/** Of an annotation file. */
export function truthOf(
  annotations: Pick<AnnotationFile, "images" | "categories" | "annotationsOf" | "listsOf">,
): GroundTruth {
  const { images, categories, annotationsOf, listsOf } = annotations;
  return {
    images: images.map(({ id }) => id).sort((a, b) => a - b),
    ...{ categories, annotationsOf, idZeroIsNoMatch: true },
    ...(listsOf === undefined ? {} : { listsOf }),
  };
}

/**
 * Throws HarnessError at the first detection of an image or category that the annotations do not know, and at the first mask
 * of another size than its image: a results file for other annotations would otherwise score low and say nothing.
 */
export function checkDetections(
  detections: DetectionTable,
  annotations: Pick<AnnotationFile, "file" | "images" | "categories">,
  detectionFile: string,
): void {
  const sizes = new Map<number, Size>(annotations.images.map(({ id, size }) => [id, size]));
  const known = new Set(annotations.categories.map(({ id }) => id));
  // Texts are made for the detection that is wrong, not for each.
  const place = (index: number) => `${detectionFile}: detection [${index}]`;
  const unknown = (what: "image" | "category", idOf: (index: number) => number, ids: IdSet, index: number) => {
    const { field, plural, hint } = references[what];
    let others = 0;
    for (let i = 0; i < detections.count; i++) if (!ids.has(idOf(i))) others++;
    return new HarnessError(`${place(index)}, ${field}: no such ${what} in ${annotations.file}`, {
      found: `${what} ${idOf(index)}; ${others} of ${detections.count} detections are of unknown ${plural}`,
      hint,
    });
  };
  for (let i = 0; i < detections.count; i++) {
    const size = sizes.get(detections.imageOf(i));
    if (size === undefined) throw unknown("image", (index) => detections.imageOf(index), sizes, i);
    if (!known.has(detections.categoryOf(i)))
      throw unknown("category", (index) => detections.categoryOf(index), known, i);
    if (!detections.hasMask(i)) continue;
    const { height, width } = detections.sizeOf(i);
    if (height === size.height && width === size.width) continue;
    throw new HarnessError(`${place(i)}, segmentation.size: mask of another size than its image`, {
      ...{ found: `[${height}, ${width}]`, expected: `[${size.height}, ${size.width}]` },
      hint: "masks are [height, width] of the original image; are the annotations of another dataset?",
    });
  }
}

interface IdSet {
  has(id: number): boolean;
}

/** What a detection refers to in the annotations, and what is usually wrong where it is not there. */
const references = {
  image: {
    ...{ field: "image_id", plural: "images" },
    hint: "are the annotations those of the dataset that the detections were made on?",
  },
  category: {
    ...{ field: "category_id", plural: "categories" },
    hint: "detectors that count classes from 0 need their ids mapped to the dataset's; are the annotations of another dataset?",
  },
} as const;
