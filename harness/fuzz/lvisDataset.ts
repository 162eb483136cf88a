import type { Random } from "../api.ts";
import { integer } from "../stats/random.ts";
import { type DrawnDataset, drawDataset, type Fields } from "./dataset.ts";

/** Range of added detections in a crowded image: 300 of an image count by LVIS's rules. */
const crowded = { from: 280, to: 330 };

/**
 * Draws a dataset as LVIS has them: each image has categories that are known to be absent and categories that are not annotated
 * exhaustively, categories have frequencies, and an image seldom has more detections than count. Crowds stay in the file:
 * lvis-api does not look at them.
 */
export function drawLvisDataset(random: Random): DrawnDataset {
  const { annotations, detections } = drawDataset(random);
  const ids = annotations.categories.map(({ id }) => id);
  const some = (share: number) => ids.filter(() => random.next() < share);
  return {
    annotations: {
      ...annotations,
      images: annotations.images.map((image) => ({
        ...image,
        // An id that no category has is passed over.
        neg_category_ids: random.next() < 0.1 ? [...some(0.5), 999] : some(0.5),
        not_exhaustive_category_ids: some(0.3),
      })),
      categories: annotations.categories.map((category) => ({
        ...category,
        frequency: ["r", "c", "f"][integer(random, 3)],
        image_count: integer(random, 200),
      })),
    },
    detections: random.next() < 0.04 ? withCrowdedImage(random, detections) : detections,
  };
}

/** Repeats the detections of one image, with scores of their own, so that the limit of an image cuts some off. */
function withCrowdedImage(random: Random, detections: readonly Fields[]): readonly Fields[] {
  const [first] = detections;
  const members = new Set(detections.flatMap(Object.keys));
  // What the first detection lacks is asked of all others, and the limit makes another the first.
  if (detections.some((detection) => Object.keys(detection).length < members.size)) return detections;
  const own = detections.filter(({ image_id }) => image_id === first!.image_id);
  const total = crowded.from + integer(random, crowded.to - crowded.from);
  const more = Array.from({ length: total }, () => ({
    ...own[integer(random, own.length)],
    score: integer(random, 50) / 50,
  }));
  return [...detections, ...more];
}
