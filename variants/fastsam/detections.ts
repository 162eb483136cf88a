import type { Box, Geometry, NamedTensors, Size } from "../../harness/api.ts";
import { boxIou } from "../../harness/mask/index.ts";
import { toImageBox } from "./letterbox.ts";

/**
 * Settings that the authors call their predictor with (README.md of CASIA-IVA-Lab/FastSAM); the last two are the predictor's
 * own.
 */
const defaults = {
  /** Scores are float32, and so is what PyTorch compares them with. */
  confidence: Math.fround(0.4),
  iou: 0.9,
  most: 300,
  /** Distance within which a side counts as near the border, in pixels of the image. */
  nearPx: 20,
};

export interface Detection {
  /** Column of the head's outputs. */
  readonly anchor: number;
  readonly score: number;
  /** The box that the mask is cut to, in image pixels, not rounded. */
  readonly cut: Box;
  /** The box that the predictor returns: `cut`, with sides near the border drawn to it. */
  readonly box: Box;
}

/**
 * Turns the network's boxes into detections, most confident first: those above the confidence, greedy suppression in model
 * pixels, then scaled to the image. Source: non_max_suppression of ultralytics/utils/nms.py, SegmentationPredictor.
 */
export function detect({ boxes, scores }: NamedTensors, geometry: Geometry): readonly Detection[] {
  return suppress(candidates(boxes!.data, scores!.data)).map(({ anchor, score, box }) => {
    const cut = toImageBox(box, geometry);
    return { anchor, score, cut, box: toNearBorder(cut, geometry.image) };
  });
}

/** A box in model pixels. */
interface Candidate {
  readonly anchor: number;
  readonly score: number;
  readonly box: Box;
}

/** Returns the boxes above the confidence as corners, sorted by falling score and then by place. */
function candidates(boxes: Float32Array, scores: Float32Array): Candidate[] {
  const count = scores.length;
  const anchors = Array.from(scores.keys()).filter((anchor) => scores[anchor]! > defaults.confidence);
  anchors.sort((a, b) => scores[b]! - scores[a]! || a - b);
  return anchors.map((anchor) => {
    const row = (index: number) => boxes[index * count + anchor]!;
    const width = row(2);
    const height = row(3);
    const left = row(0) - width / 2;
    const top = row(1) - height / 2;
    return { anchor, score: scores[anchor]!, box: { x0: left, y0: top, x1: left + width, y1: top + height } };
  });
}

/** Keeps each candidate that overlaps none of the kept ones before it by more than the threshold, as torchvision's nms does. */
function suppress(sorted: readonly Candidate[]): readonly Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of sorted) {
    if (kept.length === defaults.most) break;
    if (kept.every(({ box }) => boxIou(box, candidate.box) <= defaults.iou)) kept.push(candidate);
  }
  return kept;
}

/**
 * Draws sides near the image's border to it; a box that then covers nearly all becomes the whole image. The predictor does this
 * to the boxes that it returns, once masks are made.
 * Source: FastSAMPredictor and adjust_bboxes_to_image_border of ultralytics/models/fastsam.
 */
export function toNearBorder({ x0, y0, x1, y1 }: Box, { width, height }: Size): Box {
  const { nearPx, iou } = defaults;
  const drawn = {
    x0: x0 < nearPx ? 0 : x0,
    y0: y0 < nearPx ? 0 : y0,
    x1: x1 > width - nearPx ? width : x1,
    y1: y1 > height - nearPx ? height : y1,
  };
  const whole = { x0: 0, y0: 0, x1: width, y1: height };
  return boxIou(drawn, whole) > iou ? whole : drawn;
}
