import type { OnnxGraph } from "../api.ts";

/** A box prompt is two corner points for the decoder. Every multiply-accumulate figure is for one such prompt. */
export const boxPrompt = { prompts: 1, points: 2 } as const;

/**
 * Returns the multiply-accumulates of a graph for one image and one box prompt; element-wise work counts none, as in the papers.
 */
export function boxMacs({ counts }: OnnxGraph): number {
  return [...counts.macs(boxPrompt).values()].reduce((sum, macs) => sum + macs, 0);
}
