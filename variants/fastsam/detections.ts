import type { Box, Geometry, NamedTensors, Size } from "../../harness/api.ts";
import { boxIou } from "../../harness/mask/index.ts";
import { toImageBox } from "./letterbox.ts";

/** As the authors call their predictor (README.md of CASIA-IVA-Lab/FastSAM); the last two are the predictor's own. */
const defaults = {
  /** Scores are float32, and so is what PyTorch compares them with. */
  confidence: Math.fround(0.4),
  iou: 0.9,
  most: 300,
  /** Of borders, in pixels of the image. */
  nearPx: 20,
};

export interface Detection {
  /** Column of the head's outputs. */
  readonly anchor: number;
  readonly score: number;
  /** What the mask is cut to: image pixels, not rounded. */
  readonly cut: Box;
  /** As the predictor returns it: `cut`, drawn to a near border. */
  readonly box: Box;
}

/**
 * The network's boxes → detections, most confident first: above the confidence, greedy suppression in model pixels, then
 * scaled to the image. Source: non_max_suppression of ultralytics/utils/nms.py, SegmentationPredictor.
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

/** By falling score, then by place; boxes as corners. */
function candidates(boxes: Float32Array, scores: Float32Array): Candidate[] {
  const count = scores.length;
  const anchors = Array.from(scores.keys()).filter((anchor) => scores[anchor]! > defaults.confidence);
  anchors.sort((a, b) => scores[b]! - scores[a]! || a - b);
  return anchors.map((anchor) => {
    const [centreX, centreY, width, height] = [0, 1, 2, 3].map((row) => boxes[row * count + anchor]!) as [
      number,
      number,
      number,
      number,
    ];
    const left = centreX - width / 2;
    const top = centreY - height / 2;
    return { anchor, score: scores[anchor]!, box: { x0: left, y0: top, x1: left + width, y1: top + height } };
  });
}

/** Each stays that overlaps none of those before it by more than the threshold. As torchvision's nms. */
function suppress(sorted: readonly Candidate[]): readonly Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of sorted) {
    if (kept.length === defaults.most) break;
    if (kept.every(({ box }) => boxIou(box, candidate.box) <= defaults.iou)) kept.push(candidate);
  }
  return kept;
}

/**
 * A side near the image's border is drawn to it, and a box that then covers nearly all becomes all. The predictor does this
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
