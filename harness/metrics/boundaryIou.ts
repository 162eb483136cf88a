import type { Metric, PredictionRow, Rle, Size } from "../api.ts";
import { decodeRle, encodeRle, parseCounts } from "../mask/index.ts";
import { plainIou } from "../mask/overlap.ts";
import { sumByImage, weightedMean } from "../stats/means.ts";

const defaults = {
  /** Width of the boundary as a share of the image's diagonal. */
  dilationRatio: 0.02,
};

/**
 * Mean boundary IoU over instances (id `boundary-iou`). Boundary IoU compares only the parts of both masks that lie within 2 %
 * of the image's diagonal of their own boundary, so that large masks are judged by their outline. It needs the dataset's masks;
 * without them it has no value.
 * Source: Cheng et al. 2021, Boundary IoU.
 */
export const boundaryIou: Metric = {
  module: import.meta.url,
  id: "boundary-iou",
  title: "boundary IoU",
  about: "mean IoU of what lies within 2 % of the image's diagonal of a mask's boundary",
  headline: "boundary-iou",
  better: "higher",
  unit: "fraction",
  needs: "annotations",
  reads: ["iou", "mask"],
  columns: [],
  compared: "asked",
  fit(rows, { images, dataset }) {
    const instances = dataset === undefined ? [] : rows.flatMap((row) => instanceOf(row, dataset));
    const sums = sumByImage(instances, images);
    return (weights) => [{ id: "boundary-iou", ...weightedMean(sums, weights) }];
  },
};

type Annotated = NonNullable<Parameters<Metric["fit"]>[1]["dataset"]>;

function instanceOf({ image, target, mask, iou }: PredictionRow, dataset: Annotated) {
  const annotation = iou === undefined ? undefined : dataset.annotationsOf(image).find(({ id }) => id === target);
  if (annotation === undefined) return [];
  const value = plainIou(boundaryOf(parseCounts(mask.counts, mask.size)), boundaryOf(annotation.mask));
  return value === undefined ? [] : [{ image, value }];
}

/**
 * Returns the mask's pixels that an erosion by a square of that radius takes away. What lies outside the image counts as
 * outside the mask.
 */
export function boundaryOf(mask: Rle, ratio = defaults.dilationRatio): Rle {
  const { height, width } = mask.size;
  const radius = Math.max(1, Math.round(ratio * Math.hypot(height, width)));
  const bitmap = decodeRle(mask);
  const inner = erode(bitmap, mask.size, radius);
  return encodeRle(
    bitmap.map((value, i) => value & (1 - inner[i]!)),
    mask.size,
  );
}

/** Erodes by a (2 radius + 1)² square: along the rows, then along the columns. */
function erode(bitmap: Uint8Array, { height, width }: Size, radius: number): Uint8Array {
  const alongRows = new Uint8Array(bitmap.length);
  for (let row = 0; row < height; row++)
    erodeLine(bitmap, alongRows, { start: row * width, step: 1, length: width, radius });
  const result = new Uint8Array(bitmap.length);
  for (let column = 0; column < width; column++)
    erodeLine(alongRows, result, { start: column, step: width, length: height, radius });
  return result;
}

interface Line {
  readonly start: number;
  readonly step: number;
  readonly length: number;
  readonly radius: number;
}

/** Keeps a pixel if the `radius` pixels on both sides are set too. */
function erodeLine(from: Uint8Array, to: Uint8Array, { start, step, length, radius }: Line): void {
  let run = 0;
  for (let i = 0; i < length; i++) {
    run = from[start + i * step] === 1 ? run + 1 : 0;
    if (run > 2 * radius) to[start + (i - radius) * step] = 1;
  }
}
