import { HarnessError } from "../../harness/errors.ts";
import type { SamConfig } from "../sam/config.ts";

/** Ratios of every block of an encoder. */
export interface Sparsity {
  /** Ratio of each block: it is 0 for global blocks and whole windowed ones. */
  readonly ratios: readonly number[];
  /** The share of tokens that global blocks work on. */
  readonly globalKeep: number;
}

/**
 * Returns how many of n windows (or tokens) a ratio leaves: int(n (1 - r)) of the authors' code, in floating point as it is
 * there: of 10 windows at 0.8 one is kept, since 1 - 0.8 is a little below 0.2.
 */
export function keptCount(n: number, ratio: number): number {
  return Math.trunc(n * (1 - ratio));
}

/** Returns the stages: windowed blocks between two global ones, in order. A stage ranks its windows once. */
export function stagesOf({ depth, globalBlocks }: SamConfig): readonly (readonly number[])[] {
  const stages: number[][] = [[]];
  for (let block = 0; block < depth; block++) {
    if (globalBlocks.includes(block)) stages.push([]);
    else stages.at(-1)!.push(block);
  }
  return stages.filter((stage) => stage.length > 0);
}

/**
 * Returns the groups of blocks that share a ratio: two by two within a stage, a last odd one alone. The toy model has one ratio
 * for each block, since pairs would leave it two ratios.
 */
export function groupsOf(config: SamConfig, size: "full" | "nano"): readonly (readonly number[])[] {
  return stagesOf(config).flatMap((stage) => groupsOfStage(stage, size));
}

/** Returns the stage of each group. */
export function stageOfGroups(config: SamConfig, size: "full" | "nano"): readonly number[] {
  return stagesOf(config).flatMap((stage, i) => groupsOfStage(stage, size).map(() => i));
}

function groupsOfStage(stage: readonly number[], size: "full" | "nano"): readonly (readonly number[])[] {
  const together = size === "full" ? 2 : 1;
  return stage.flatMap((_, i) => (i % together === 0 ? [stage.slice(i, i + together)] : []));
}

export interface Setting {
  /** One ratio for each group of blocks. */
  readonly ratios: readonly number[];
  readonly globalKeep: number;
}

/** Returns the ratios of every block. */
export function sparsityOf(config: SamConfig, size: "full" | "nano", { ratios, globalKeep }: Setting): Sparsity {
  const byBlock = new Array<number>(config.depth).fill(0);
  for (const [i, group] of groupsOf(config, size).entries()) for (const block of group) byBlock[block] = ratios[i]!;
  return { ratios: byBlock, globalKeep };
}

/** Throws HarnessError where a ratio falls within a stage, or leaves no window at all. */
export function checkRatios(config: SamConfig, size: "full" | "nano", ratios: readonly number[]): void {
  const stages = stageOfGroups(config, size);
  const windows = Math.ceil(config.side / config.patch / config.window) ** 2;
  for (const [i, ratio] of ratios.entries()) {
    if (!(ratio >= 0 && ratio < 1) || keptCount(windows, ratio) < 1)
      throw new HarnessError("ratios: one leaves no window", {
        found: String(ratio),
        expected: `0 to ${Math.floor(100 * (1 - 1 / windows)) / 100}`,
      });
    if (stages[i] === stages[i - 1] && ratio < ratios[i - 1]!)
      throw new HarnessError("ratios: they may not fall within a stage, whose windows are ranked once", {
        found: ratios.join(", "),
        hint: `stages of ${countsByStage(stages).join(", ")} ratios`,
      });
  }
}

function countsByStage(stages: readonly number[]): readonly number[] {
  return [...new Set(stages)].map((stage) => stages.filter((each) => each === stage).length);
}
