import type { Candidates, Choice, MaskPrediction } from "../api.ts";
import { overlapWithBox, plainIou } from "../mask/overlap.ts";

/** Returns the predicted IoU of a token, which is the model's own guess; 0 for the empty mask of a prediction without any. */
export function predictedIouOf(prediction: MaskPrediction, token: number): number {
  switch (prediction.kind) {
    case "logits":
      return prediction.predictedIou[token] ?? 0;
    case "masks":
      return prediction.scores[token] ?? 0;
    case "tokens":
      return prediction.predictedIou[prediction.tokens.indexOf(token)] ?? 0;
  }
}

/** The part of what is chosen from that a choice by the model's own guess reads: it needs no target. */
type Guessed = Pick<Candidates, "prediction" | "lacks">;

/** Chooses the multimask token with the highest predicted IoU; the first among equals. */
export function mostConfident(candidates: Guessed): readonly Choice[] {
  return [{ token: best(multimaskTokens(candidates), (token) => predictedIouOf(candidates.prediction, token)) }];
}

/** Chooses token 0, trained for prompts that leave no doubt. A protocol with this choice needs "single-mask-token". */
export function singleMask(): readonly Choice[] {
  return [{ token: 0 }];
}

/**
 * Chooses the multimask token with the highest measured IoU. It looks at the target, so it is the best that a choice by
 * confidence could reach.
 */
export function oracle(candidates: Candidates): readonly Choice[] {
  const { mask } = candidates.target;
  if (mask === undefined) throw new Error(`target ${candidates.target.id}: no mask to choose by`);
  return [{ token: best(multimaskTokens(candidates), (token) => plainIou(candidates.mask(token), mask) ?? 0) }];
}

/** Chooses the multimask token whose mask has the highest IoU with the prompt's box as a region. */
export function nearestBox(candidates: Candidates): readonly Choice[] {
  const { box } = candidates.prompt;
  if (box === undefined) throw new Error(`target ${candidates.target.id}: no box to choose by`);
  return [{ token: best(multimaskTokens(candidates), (token) => overlapWithBox(candidates.mask(token), box)) }];
}

/** Returns a choice that chooses as `choose` and gives each mask the detector's own score. */
export function withDetectorScore(choose: Choose): Choose {
  return (candidates) => choose(candidates).map((choice) => ({ ...choice, score: detectorScore(candidates) }));
}

/** Returns a choice that chooses as `choose` and gives each mask the detector's score times the token's predicted IoU. */
export function withFusedScore(choose: Choose): Choose {
  return (candidates) =>
    choose(candidates).map(({ token }) => {
      return { token, score: detectorScore(candidates) * predictedIouOf(candidates.prediction, token) };
    });
}

/**
 * Returns a choice that chooses as `choose` and gives each mask its predicted IoU as score, for prompts that come without one.
 */
export function withPredictedIou(choose: Choose): Choose {
  return (candidates) =>
    choose(candidates).map(({ token }) => ({ token, score: predictedIouOf(candidates.prediction, token) }));
}

type Choose = (candidates: Candidates) => readonly Choice[];

function detectorScore({ target }: Candidates): number {
  if (target.score === undefined) throw new Error(`target ${target.id}: no detector's score`);
  return target.score;
}

/**
 * Returns the multimask tokens: 1, 2 and 3 of SAM, all tokens where token 0 is not the single-mask token, and all masks of a
 * variant without logits.
 */
export function multimaskTokens({ prediction, lacks }: Guessed): readonly number[] {
  if (prediction.kind === "masks") return numbers(0, Math.max(prediction.masks.length, 1));
  const first = lacks.includes("single-mask-token") ? 0 : 1;
  const given = prediction.kind === "tokens" ? prediction.tokens : numbers(0, prediction.predictedIou.length);
  const tokens = given.filter((token) => token >= first);
  if (tokens.length === 0) throw new Error("a prediction of the single-mask token alone: there is no multimask token");
  return tokens;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, i) => from + i);
}

/** Returns the first token with the highest rating; NaN is below every number. */
function best(tokens: readonly number[], rate: (token: number) => number): number {
  const ranked = tokens.map((token) => ({ token, value: rate(token) }));
  const above = (a: number, b: number) => a > b || (Number.isNaN(b) && !Number.isNaN(a));
  return ranked.reduce((top, other) => (above(other.value, top.value) ? other : top)).token;
}
