import type { MetricContext, PredictionRow } from "../api.ts";
import type { AnnotatedImage } from "../coco/elements.ts";
import { addDetection, DetectionTable, type GroundTruth, truthOf } from "../coco/index.ts";
import { parseCounts } from "../mask/index.ts";

/** Rows that have a score, as detections; the prompt's box is no part of them: sizes go by the mask. */
export function tableOf(rows: readonly PredictionRow[], category?: number): DetectionTable {
  const table = new DetectionTable();
  for (const { image, category: own, score, mask } of rows) {
    if (score === undefined) continue;
    const place = `row of image ${image}`;
    addDetection(table, { image, category: category ?? own, score, mask: parseCounts(mask.counts, mask.size, place) });
  }
  return table;
}

/** What rows are scored against; nothing where the context has no dataset. */
export function truthOfContext({ images, dataset }: MetricContext): GroundTruth | undefined {
  if (dataset === undefined) return undefined;
  const wanted = new Set(images);
  // A dataset that is read from an LVIS file has its lists in its images.
  const records = "images" in dataset ? (dataset.images as readonly AnnotatedImage[]) : [];
  const lists = truthOf({ ...dataset, images: records.filter(({ id }) => wanted.has(id)) }).listsOf;
  return {
    images: [...new Set(images)].sort((a, b) => a - b),
    categories: dataset.categories,
    // Ids are the dataset's own: one that counts from 0 is not to lose an annotation.
    idZeroIsNoMatch: false,
    annotationsOf: dataset.annotationsOf,
    ...(lists === undefined ? {} : { listsOf: lists }),
  };
}
