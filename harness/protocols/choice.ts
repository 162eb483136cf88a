import type { Candidates, Choice, MaskPrediction } from "../api.ts";
import { plainIou } from "../metrics/index.ts";

/** The model's own guess of a token's IoU; 0 for the empty mask of a prediction without any. */
export function predictedIouOf(prediction: MaskPrediction, token: number): number {
  return (prediction.kind === "logits" ? prediction.predictedIou[token] : prediction.scores[token]) ?? 0;
}

/** The most confident of the multimask tokens, by predicted IoU; the first among equals. */
export function mostConfident(candidates: Candidates): readonly Choice[] {
  return [{ token: best(multimaskTokens(candidates), (token) => predictedIouOf(candidates.prediction, token)) }];
}

/** Token 0, trained for prompts that leave no doubt. A protocol with this choice needs "single-mask-token". */
export function singleMask(): readonly Choice[] {
  return [{ token: 0 }];
}

/** The multimask token with the highest measured IoU: what the most confident one could be at best, as it looks at the target. */
export function oracle(candidates: Candidates): readonly Choice[] {
  const { mask } = candidates.target;
  if (mask === undefined) throw new Error(`target ${candidates.target.id}: no mask to choose by`);
  return [{ token: best(multimaskTokens(candidates), (token) => plainIou(candidates.mask(token), mask) ?? 0) }];
}

/** Tokens 1, 2 and 3 of SAM; all where token 0 is not the single-mask token, and all masks of a variant without logits. */
function multimaskTokens({ prediction, lacks }: Candidates): readonly number[] {
  if (prediction.kind === "masks") return numbers(0, Math.max(prediction.masks.length, 1));
  const first = lacks.includes("single-mask-token") ? 0 : 1;
  const tokens = numbers(first, prediction.predictedIou.length);
  if (tokens.length === 0) throw new Error("a prediction of the single-mask token alone: there is no multimask token");
  return tokens;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, i) => from + i);
}

/** The first of the highest; what is no number is below all. */
function best(tokens: readonly number[], rate: (token: number) => number): number {
  const ranked = tokens.map((token) => ({ token, value: rate(token) }));
  const above = (a: number, b: number) => a > b || (Number.isNaN(b) && !Number.isNaN(a));
  return ranked.reduce((top, other) => (above(other.value, top.value) ? other : top)).token;
}
