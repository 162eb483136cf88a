import type { SizeRange } from "../api.ts";

/**
 * COCO's sizes go by the annotation's own area in px. Both ends belong to a range, so an area of exactly 32² or 96² is in two
 * sizes.
 * Source: get_iou_metric of mit-han-lab/efficientvit and areaRng of pycocotools' cocoeval, which agree.
 */
export const cocoSizes: readonly SizeRange[] = [
  { id: "small", fromPx: 0, toPx: 32 ** 2 },
  { id: "medium", fromPx: 32 ** 2, toPx: 96 ** 2 },
  { id: "large", fromPx: 96 ** 2, toPx: Number.POSITIVE_INFINITY },
];

export function isOfSize({ fromPx, toPx }: SizeRange, areaPx: number): boolean {
  return fromPx <= areaPx && areaPx <= toPx;
}
