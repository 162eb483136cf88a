import type { Rle } from "../../../../api.ts";
import { plainIou } from "../../../../mask/index.ts";
import { type ClickLevel, firstClicks } from "../../../../metrics/firstClicks.ts";
import type { AskedPrompt, ModelAnswer } from "../../contract.ts";
import { isEmpty, stepOf } from "../prompt/edit.ts";

/** IoUs in percent that the page counts clicks to, of those of the metric. */
export const shownLevels: readonly ClickLevel[] = [85, 90];

/** Says how near a model came to a target on the way to the present prompt. */
export interface Reached {
  /** IoU of the mask that is kept for the present prompt; absent before an answer, and where it is 0 / 0. */
  readonly iou?: number | undefined;
  /** Points and box of the present prompt. */
  readonly clicks: number;
  /** Number of the first click whose mask had the IoU; a level that was not reached is absent. */
  readonly first: ReadonlyMap<ClickLevel, number>;
}

export interface Way {
  /** The present prompt and those before it that were not taken back, the present one first. */
  readonly prompts: readonly AskedPrompt[];
  readonly answerTo: (prompt: AskedPrompt) => ModelAnswer | undefined;
}

/** Scores the masks of a way against a target, by the rule of the metric `noc`. A box counts as one click. */
export function reachedOn({ prompts, answerTo }: Way, target: Rle): Reached {
  const rows = prompts.flatMap((prompt) => {
    const answer = isEmpty(prompt) ? undefined : answerTo(prompt);
    if (answer === undefined) return [];
    return [{ image: 0, target: 0, step: stepOf(prompt), prompt, iou: plainIou(keptMask(answer), target) }];
  });
  const [present] = prompts;
  const clicks = firstClicks(rows)[0]?.clicks;
  return {
    iou: rows.find(({ prompt }) => prompt === present)?.iou,
    clicks: present === undefined ? 0 : stepOf(present),
    first: new Map(shownLevels.flatMap((level) => (clicks?.has(level) ? [[level, clicks.get(level)!]] : []))),
  };
}

function keptMask({ tokens, chosen }: ModelAnswer): Rle {
  return tokens[chosen]!.mask;
}
