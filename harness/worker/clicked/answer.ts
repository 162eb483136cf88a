import type { Capability, Prompt, Rle } from "../../api.ts";
import { timed, timedSync } from "../../measure/clock.ts";
import { mostConfident, predictedIouOf } from "../../protocols/choice.ts";
import type { HeldImage, HeldPrediction } from "../heldImage.ts";

/** One mask token of an answer to a person's prompt. */
export interface TokenMask {
  readonly mask: Rle;
  /** Predicted IoU; absent for a model that predicts none. */
  readonly predictedIou?: number | undefined;
}

/** The answer to a person's prompt: the mask of each token, in the decoder's order, and times in ms. */
export interface PromptAnswer {
  readonly tokens: readonly TokenMask[];
  /** Index of the token that is kept. */
  readonly chosen: number;
  readonly decodeMs: number;
  /** Time from logits to the mask of the token that is kept, the first of its photo with what all masks of it share. */
  readonly upscaleMs: number;
}

/**
 * Answers one prompt about a photo with all masks. The most confident multimask token is kept, as by protocols of clicks and of boxes
 * without a detector.
 */
export async function answerPrompt(held: HeldImage, prompt: Prompt<"image">): Promise<PromptAnswer> {
  const decoded = await timed(() => held.decode([prompt], { looksAt: "most confident" }));
  const multimask = decoded.value[0]!;
  const [choice] = mostConfident({ prediction: multimask.prediction, lacks: held.lacks });
  const { token: kept } = choice!;
  const upscaled = timedSync(() => multimask.mask(kept));
  const single = await singleMask(held, multimask, prompt);
  const numbers = tokensOf(multimask);
  const maskOf = (token: number) => (token === kept ? upscaled.value : multimask.mask(token));
  const others = numbers.map((token) => tokenMask(held.lacks, multimask, { token, mask: maskOf(token) }));
  return {
    tokens: single === undefined ? others : [single, ...others],
    chosen: numbers.indexOf(kept) + (single === undefined ? 0 : 1),
    decodeMs: decoded.durationMs,
    upscaleMs: upscaled.durationMs,
  };
}

/** Returns the single-mask token's mask where the prediction does not hold it: other programs decode one set of tokens at a time. */
async function singleMask(
  held: HeldImage,
  { prediction }: HeldPrediction,
  prompt: Prompt<"image">,
): Promise<TokenMask | undefined> {
  if (prediction.kind !== "tokens" || held.lacks.includes("single-mask-token")) return undefined;
  const [single] = await held.decode([prompt], { looksAt: "single mask" });
  return tokenMask(held.lacks, single!, { token: 0, mask: single!.mask(0) });
}

function tokenMask(
  lacks: readonly Capability[],
  { prediction }: HeldPrediction,
  { token, mask }: { readonly token: number; readonly mask: Rle },
): TokenMask {
  return { mask, predictedIou: lacks.includes("predicted-iou") ? undefined : predictedIouOf(prediction, token) };
}

/** Returns the numbers of the tokens that a prediction holds; a variant that found no mask has an empty one. */
function tokensOf({ prediction }: HeldPrediction): readonly number[] {
  switch (prediction.kind) {
    case "logits":
      return Array.from(prediction.predictedIou.keys());
    case "masks":
      return Array.from({ length: Math.max(prediction.masks.length, 1) }, (_, token) => token);
    case "tokens":
      return prediction.tokens;
  }
}
