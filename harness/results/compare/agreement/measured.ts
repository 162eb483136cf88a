import type { PredictionRow } from "../../../api.ts";
import { areaOf, intersectionArea, parseCounts } from "../../../mask/index.ts";
import type { RowPair } from "./pairs.ts";

/** Two detections are the same where their confidences lie no farther apart and their masks overlap more than this. */
export const sameDetection = { confidence: 1e-4, maskIou: 0.5 } as const;

/** Agreement of two masks of one prompt, from what the rows keep. */
export interface MeasuredPair extends RowPair {
  /** |A ∩ B| / |A ∪ B|, and 1 where both masks are empty: they say the same. */
  readonly maskIou: number;
  readonly bothEmpty: boolean;
  readonly differingPx: number;
  readonly imagePx: number;
  /** Absent where the two runs do not number tokens alike. */
  readonly sameToken?: boolean | undefined;
  /** Absent where the masks of the two runs are no detections. Both found nothing: that is the same. */
  readonly sameDetection?: boolean | undefined;
  /** |predicted IoU of A less that of B|; present where both chose the same token and both guess. */
  readonly predictedIouApart?: number | undefined;
}

/** Says which parts of a row mean the same in both runs. */
export interface ComparableParts {
  readonly tokens: boolean;
  readonly predictedIou: boolean;
  readonly detections: boolean;
}

/** Measures one pair. Throws HarnessError for a mask whose runs do not fill its image. */
export function measurePair({ a, b }: RowPair, { tokens, predictedIou, detections }: ComparableParts): MeasuredPair {
  const maskA = maskOf(a, "A");
  const maskB = maskOf(b, "B");
  const shared = intersectionArea(maskA, maskB);
  const either = areaOf(maskA) + areaOf(maskB) - shared;
  const maskIou = either === 0 ? 1 : shared / either;
  const sameToken = a.token === b.token;
  const apart = Math.abs(a.predictedIou - b.predictedIou);
  return {
    a,
    b,
    maskIou,
    bothEmpty: either === 0,
    differingPx: either - shared,
    imagePx: a.mask.size.height * a.mask.size.width,
    sameToken: tokens ? sameToken : undefined,
    sameDetection: detections ? apart <= sameDetection.confidence && maskIou > sameDetection.maskIou : undefined,
    predictedIouApart: tokens && predictedIou && sameToken ? apart : undefined,
  };
}

function maskOf({ mask, image, target, prompts }: PredictionRow, side: string) {
  return parseCounts(mask.counts, mask.size, `row of ${side}, image ${image}, target ${target}, prompts ${prompts}`);
}
