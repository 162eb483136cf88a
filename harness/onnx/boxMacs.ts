import type { OnnxGraph } from "../api.ts";

/** One box prompt in the decoder's eyes: two corner points. Every multiply-accumulate figure is of it. */
export const boxPrompt = { prompts: 1, points: 2 } as const;

/** Multiply-accumulates of a graph for one image and one box prompt; element-wise work counts none, as in the papers. */
export function boxMacs({ counts }: OnnxGraph): number {
  return [...counts.macs(boxPrompt).values()].reduce((sum, macs) => sum + macs, 0);
}
