import { HarnessError } from "../../harness/errors.ts";
import type { SamConfig } from "../sam/config.ts";

/** Ratios of every block of an encoder. */
export interface Sparsity {
  /** Ratio of each block up to the last windowed one: it is 0 for global blocks and whole windowed ones. */
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

/** Windowed blocks that lie behind one another. They rank their windows once. */
export interface WindowStage {
  readonly blocks: readonly number[];
  /** Number of windows of the whole image. */
  readonly windows: number;
}

/** Returns the stages of SAM's encoder, and of one like it: windowed blocks between two global ones, in order. */
export function samStages({
  side,
  patch,
  window,
  depth,
  globalBlocks,
}: Pick<SamConfig, "side" | "patch" | "window" | "depth" | "globalBlocks">): readonly WindowStage[] {
  const stages: number[][] = [[]];
  for (let block = 0; block < depth; block++) {
    if (globalBlocks.includes(block)) stages.push([]);
    else stages.at(-1)!.push(block);
  }
  const windows = Math.ceil(side / patch / window) ** 2;
  return stages.filter((blocks) => blocks.length > 0).map((blocks) => ({ blocks, windows }));
}

/**
 * Returns the groups of blocks that share a ratio: two by two within a stage, a last odd one alone. The toy model has one ratio
 * for each block, since pairs would leave it two ratios.
 */
export function groupsOf(stages: readonly WindowStage[], size: "full" | "nano"): readonly (readonly number[])[] {
  return stages.flatMap(({ blocks }) => groupsOfStage(blocks, size));
}

/** Returns the stage of each group. */
export function stageOfGroups(stages: readonly WindowStage[], size: "full" | "nano"): readonly number[] {
  return stages.flatMap(({ blocks }, i) => groupsOfStage(blocks, size).map(() => i));
}

function groupsOfStage(stage: readonly number[], size: "full" | "nano"): readonly (readonly number[])[] {
  const together = size === "full" ? 2 : 1;
  return stage.flatMap((_, i) => (i % together === 0 ? [stage.slice(i, i + together)] : []));
}

/** Groups neighbouring blocks of a stage that keep equally many windows. */
export function runsOfEqual(
  blocks: readonly number[],
  countOf: (block: number) => number,
): readonly (readonly number[])[] {
  const runs: number[][] = [];
  for (const block of blocks) {
    const last = runs.at(-1);
    if (last !== undefined && countOf(last[0]!) === countOf(block)) last.push(block);
    else runs.push([block]);
  }
  return runs;
}

/** Returns the name of neighbouring blocks, as kept tokens are shown under it. */
export function nameOf(blocks: readonly number[]): string {
  return blocks.length === 1 ? `block ${blocks[0]}` : `blocks ${blocks[0]}-${blocks.at(-1)}`;
}

export interface Setting {
  /** One ratio for each group of blocks. */
  readonly ratios: readonly number[];
  readonly globalKeep: number;
}

/** Returns the ratios of every block. */
export function sparsityOf(
  stages: readonly WindowStage[],
  size: "full" | "nano",
  { ratios, globalKeep }: Setting,
): Sparsity {
  const last = stages.at(-1)!.blocks.at(-1)!;
  const byBlock = new Array<number>(last + 1).fill(0);
  for (const [i, group] of groupsOf(stages, size).entries()) for (const block of group) byBlock[block] = ratios[i]!;
  return { ratios: byBlock, globalKeep };
}

/** Throws HarnessError where a ratio falls within a stage, or leaves no window at all. */
export function checkRatios(stages: readonly WindowStage[], size: "full" | "nano", ratios: readonly number[]): void {
  const stageOf = stageOfGroups(stages, size);
  for (const [i, ratio] of ratios.entries()) {
    const { windows } = stages[stageOf[i]!]!;
    if (!(ratio >= 0 && ratio < 1) || keptCount(windows, ratio) < 1)
      throw new HarnessError("ratios: one leaves no window", {
        found: String(ratio),
        expected: `0 to ${Math.floor(100 * (1 - 1 / windows)) / 100}`,
      });
    if (stageOf[i] === stageOf[i - 1] && ratio < ratios[i - 1]!)
      throw new HarnessError("ratios: they may not fall within a stage, whose windows are ranked once", {
        found: ratios.join(", "),
        hint: `stages of ${countsByStage(stageOf).join(", ")} ratios`,
      });
  }
}

function countsByStage(stages: readonly number[]): readonly number[] {
  return [...new Set(stages)].map((stage) => stages.filter((each) => each === stage).length);
}
