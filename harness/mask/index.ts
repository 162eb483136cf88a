/**
 * This room makes masks as runs, from bitmaps, polygons, COCO strings and logits, and compares and combines them without
 * decoding.
 */
export { difference, intersection, union } from "./combine.ts";
export { centrePoint, type DeepestPixel, squaredDistances } from "./distance.ts";
export { boxIou, intersectionArea, iou, iouWithCrowd } from "./iou.ts";
export { outlinesOf } from "./outline.ts";
export { epsilonIou, overlapWithBox, plainIou } from "./overlap.ts";
export { rleFromBox, rleFromPolygons } from "./polygon.ts";
export { removeSmallRegions } from "./regions.ts";
export { areaOf, boxOf, decodeRle, encodeRle, rleFromCounts } from "./rle.ts";
export { formatCounts, parseCounts } from "./rleString.ts";
export { placeMask } from "./upscale/place.ts";
export { maskAbove, maskFromLogits, maskWithStability, stabilityScore, upscaleLogits } from "./upscale/upscale.ts";
