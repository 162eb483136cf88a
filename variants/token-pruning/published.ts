import type { Checkpoint, StageMacs } from "../../harness/api.ts";
import { configOf, type SamConfig } from "../sam/config.ts";
import { methodMacs } from "../sam/published.ts";
import { prunedImageEncoder } from "./imageEncoder.ts";
import { type Pruning, rankingBlocks } from "./presets.ts";

/**
 * Counts multiply-accumulates of SAM with tokens pruned so: blocks up to a ranking block's attention work on whole windows,
 * padding included.
 */
export function prunedMacs(pruning: Pruning, checkpoint: Checkpoint): StageMacs {
  const config: SamConfig = configOf(pruning.sam);
  const ranking = pruning.keepRate === 1 ? [] : rankingBlocks(config, pruning.method);
  const windowed = Array.from({ length: config.depth }, (_, block) => block).filter(
    (block) => !config.globalBlocks.includes(block),
  );
  const whole = windowed.filter((block) => block < (ranking[0] ?? config.depth) || ranking.includes(block));
  const encoder = prunedImageEncoder(config, pruning, checkpoint);
  const { encode, decode } = methodMacs({ encoder, config, checkpoint, whole: whole.length, kept: 0 });
  return { encode: encode + ranking.length * rankingMacs(config), decode };
}

/** Counts what a ranking block's attention takes more as published: queries of padding, less the terms that widen its own. */
function rankingMacs({ side, patch, window, width, heads }: SamConfig): number {
  const tokens = (side / patch) ** 2;
  const padded = (Math.ceil(side / patch / window) * window) ** 2;
  const keys = window ** 2;
  const scores = (padded - tokens) * keys * 2 * width - tokens * keys * heads * 2 * window;
  const terms = (padded - tokens) * width * 2 * window;
  // Its padding is named by constants: no token of it is projected, which `methodMacs` takes off of every whole block.
  return scores + terms + 2 * width ** 2;
}
