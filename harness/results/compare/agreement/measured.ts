import type { PredictionRow } from "../../../api.ts";
import { areaOf, intersectionArea, parseCounts } from "../../../mask/index.ts";
import type { RowPair } from "./pairs.ts";

/** Agreement of two masks of one prompt, from what the rows keep. */
export interface MeasuredPair extends RowPair {
  /** |A ∩ B| / |A ∪ B|, and 1 where both masks are empty: they say the same. */
  readonly maskIou: number;
  readonly bothEmpty: boolean;
  readonly differingPx: number;
  readonly imagePx: number;
  /** Absent where the two runs do not number tokens alike. */
  readonly sameToken?: boolean | undefined;
  /** |predicted IoU of A less that of B|; present where both chose the same token and both guess. */
  readonly predictedIouApart?: number | undefined;
}

/** Says which parts of a row mean the same in both runs. */
export interface ComparableParts {
  readonly tokens: boolean;
  readonly predictedIou: boolean;
}

/** Measures one pair. Throws HarnessError for a mask whose runs do not fill its image. */
export function measurePair({ a, b }: RowPair, { tokens, predictedIou }: ComparableParts): MeasuredPair {
  const maskA = maskOf(a, "A");
  const maskB = maskOf(b, "B");
  const shared = intersectionArea(maskA, maskB);
  const either = areaOf(maskA) + areaOf(maskB) - shared;
  const sameToken = a.token === b.token;
  return {
    a,
    b,
    maskIou: either === 0 ? 1 : shared / either,
    bothEmpty: either === 0,
    differingPx: either - shared,
    imagePx: a.mask.size.height * a.mask.size.width,
    sameToken: tokens ? sameToken : undefined,
    predictedIouApart: tokens && predictedIou && sameToken ? Math.abs(a.predictedIou - b.predictedIou) : undefined,
  };
}

function maskOf({ mask, image, target, prompts }: PredictionRow, side: string) {
  return parseCounts(mask.counts, mask.size, `row of ${side}, image ${image}, target ${target}, prompts ${prompts}`);
}
