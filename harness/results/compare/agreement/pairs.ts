import type { ImageId, PredictionRow } from "../../../api.ts";
import { requireSameTarget, type Side } from "../side.ts";

/** The rows of one prompt in both runs: for each run the mask that the protocol kept first. */
export interface RowPair {
  readonly a: PredictionRow;
  readonly b: PredictionRow;
}

/** Counts of rows that have no partner to be compared with. */
export interface LeftOut {
  /** Rows of one run on images that failed in the other. */
  readonly failedInA: number;
  readonly failedInB: number;
  /** Rows of one run for which the other has none, on images that both finished. */
  readonly onlyInA: number;
  readonly onlyInB: number;
  /** Pairs of a later step whose prompts differ, because each follows from the mask before. */
  readonly otherPrompt: number;
}

export const nothingLeftOut: LeftOut = { failedInA: 0, failedInB: 0, onlyInA: 0, onlyInB: 0, otherPrompt: 0 };

export interface PairedRows {
  readonly pairs: readonly RowPair[];
  readonly leftOut: LeftOut;
  /** Pairs of a first step whose prompts differ: these runs were not asked the same. */
  readonly askedOtherwise: readonly RowPair[];
}

/**
 * Pairs the rows of one prompts name by image, target and step, in the order of A. Throws HarnessError where a target is not the
 * same in both runs.
 */
export function pairedRows(a: Side, b: Side, prompts: string): PairedRows {
  const rowsA = keptRows(a, prompts);
  const rowsB = keptRows(b, prompts);
  const found = { pairs: [] as RowPair[], askedOtherwise: [] as RowPair[], otherPrompt: 0 };
  for (const [key, row] of rowsA) {
    const other = rowsB.get(key);
    if (other === undefined) continue;
    const pair = { a: row, b: other };
    if (samePrompt(row.prompt, other.prompt)) {
      requireSameTarget(row, other);
      found.pairs.push(pair);
    } else if (row.step === 1) found.askedOtherwise.push(pair);
    else found.otherPrompt += 1;
  }
  const ofA = withoutPartner(rowsA, rowsB, b);
  const ofB = withoutPartner(rowsB, rowsA, a);
  return {
    pairs: found.pairs,
    askedOtherwise: found.askedOtherwise,
    leftOut: {
      failedInA: ofB.failed,
      failedInB: ofA.failed,
      onlyInA: ofA.alone,
      onlyInB: ofB.alone,
      otherPrompt: found.otherPrompt,
    },
  };
}

/** Returns one row for each prompt: the first of several masks, which is the one that the protocol kept first. */
function keptRows({ byPrompts }: Side, prompts: string): ReadonlyMap<string, PredictionRow> {
  const kept = new Map<string, PredictionRow>();
  for (const row of byPrompts.get(prompts) ?? []) {
    const key = `${row.image} ${row.target} ${row.step}`;
    if (!kept.has(key)) kept.set(key, row);
  }
  return kept;
}

/** Counts the rows that the other run lacks; those on images that the other run did not come to are in neither count. */
function withoutPartner(
  own: ReadonlyMap<string, PredictionRow>,
  others: ReadonlyMap<string, PredictionRow>,
  other: Side,
): { readonly failed: number; readonly alone: number } {
  const finished: ReadonlySet<ImageId> = new Set(other.images);
  let failed = 0;
  let alone = 0;
  for (const [key, { image }] of own) {
    if (others.has(key)) continue;
    if (other.failures.has(image)) failed += 1;
    else if (finished.has(image)) alone += 1;
  }
  return { failed, alone };
}

function samePrompt(a: PredictionRow["prompt"], b: PredictionRow["prompt"]): boolean {
  const { box: boxA, points: pointsA } = a;
  const { box: boxB, points: pointsB } = b;
  const corners = ["x0", "y0", "x1", "y1"] as const;
  const sameBox = boxA === undefined || boxB === undefined ? boxA === boxB : corners.every((c) => boxA[c] === boxB[c]);
  return (
    sameBox &&
    pointsA.length === pointsB.length &&
    pointsA.every(({ x, y, label }, i) => {
      const other = pointsB[i]!;
      return x === other.x && y === other.y && label === other.label;
    })
  );
}
