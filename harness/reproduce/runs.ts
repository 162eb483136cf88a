import type { RunFlags } from "../plan/runFlags.ts";
import type { EvaluationSets } from "../report/papers/sets.ts";
import type { OpenCell } from "./cells.ts";

/** Runs of one set of images and one prompt seed: what has to be measured for some cells of a table. */
export interface NeededRun {
  readonly variants: readonly string[];
  /** Title of the set of images. */
  readonly set: string;
  readonly seed: number;
  /** Detector whose boxes are prompted; absent where the protocol prompts something else. */
  readonly boxes?: "a detector's" | undefined;
  readonly flags: RunFlags;
}

interface RunChoice {
  readonly sets: EvaluationSets;
  /** Protocols whose prompts are a detector's boxes. */
  readonly boxed: ReadonlySet<string>;
  readonly data?: string | undefined;
  readonly boxes?: string | undefined;
  readonly limit?: number | undefined;
  readonly shard?: string | undefined;
  readonly checkpoint: readonly string[];
  readonly plugin: readonly string[];
  /** Data sets that need no folder: drawn ones, and those that come with the project. */
  readonly ownData: ReadonlySet<string>;
}

/**
 * Returns the fewest runs that these cells need: one for each set of images, prompts of one kind, and seed. Variants of a set go
 * together, as all their protocols do.
 */
export function neededRuns(cells: readonly OpenCell[], choice: RunChoice): readonly NeededRun[] {
  const groups = new Map<string, OpenCell[]>();
  for (const cell of cells)
    for (const seed of cell.recipe.seeds) {
      const boxed = choice.boxed.has(cell.recipe.protocol);
      const key = JSON.stringify([cell.recipe.dataset, boxed, seed]);
      groups.set(key, [...(groups.get(key) ?? []), cell]);
    }
  return [...groups].map(([key, members]) => {
    const [dataset, boxed, seed] = JSON.parse(key) as [string, boolean, number];
    return neededRun(members, { dataset, boxed, seed }, choice);
  });
}

function neededRun(
  cells: readonly OpenCell[],
  { dataset, boxed, seed }: { readonly dataset: string; readonly boxed: boolean; readonly seed: number },
  choice: RunChoice,
): NeededRun {
  const set = choice.sets[dataset]!;
  const variants = unique(cells.map(({ variant }) => variant));
  const prompts = unique(cells.flatMap(({ measure }) => (measure.prompt === undefined ? [] : [measure.prompt])));
  const named = choice.checkpoint.filter((pair) => variants.includes(pair.slice(0, pair.indexOf("="))));
  return {
    variants,
    set: set.title,
    seed,
    boxes: boxed ? "a detector's" : undefined,
    flags: {
      variants: variants.join(),
      checkpoint: named,
      dataset: set.dataset,
      data: choice.ownData.has(set.dataset) ? undefined : choice.data,
      protocol: unique(cells.map(({ recipe }) => recipe.protocol)).join(),
      prompts: prompts.includes("grid") ? undefined : prompts.join(),
      boxes: boxed ? choice.boxes : undefined,
      seed,
      limit: choice.limit,
      shard: choice.shard,
      phase: "accuracy",
      baseline: false,
      plugin: choice.plugin,
    },
  };
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
