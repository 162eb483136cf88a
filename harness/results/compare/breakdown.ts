import type { Category, PredictionRow } from "../../api.ts";
import type { Interval } from "../../stats/intervals.ts";
import { pairedDifference, sumByImage } from "../../stats/means.ts";
import { holm, permutationP } from "../../stats/permutation.ts";
import type { SharedPrompts } from "./side.ts";

const defaults = {
  /** A category of fewer targets, or on fewer images, is left out: it would say more about these few than about itself. */
  targets: 5,
  images: 3,
  /** Number of categories that are named from each end. */
  shown: 3,
  draws: 1000,
};

/** Mean IoU of one category on both sides, and B less A. */
export interface CategoryDifference {
  readonly prompts: string;
  readonly category: number;
  readonly name: string;
  readonly a: number;
  readonly b: number;
  readonly difference: Interval;
  /** Holm's correction makes this p value among all categories of these prompts. */
  readonly adjustedP?: number;
  readonly n: number;
}

export interface Breakdown {
  readonly prompts: string;
  /** Categories with enough targets to say something. */
  readonly judged: number;
  readonly leftOut: number;
  /**
   * Categories that lost come with the largest loss first, those that gained with the largest gain first. A category that
   * did neither is in none.
   */
  readonly worst: readonly CategoryDifference[];
  readonly best: readonly CategoryDifference[];
}

/** Finds the categories that lost and gained most. Nothing for fewer than two categories. */
export function categoryBreakdown(
  shared: SharedPrompts,
  { seed, categories }: { readonly seed: number; readonly categories: readonly Category[] },
): Breakdown | undefined {
  const names = new Map(categories.map(({ id, name }) => [id, name]));
  const byCategory = new Map<number, { a: PredictionRow[]; b: PredictionRow[] }>();
  for (const side of ["a", "b"] as const)
    for (const row of shared[side]) {
      if (row.iou === undefined) continue;
      const group = byCategory.get(row.category) ?? { a: [], b: [] };
      byCategory.set(row.category, group);
      group[side].push(row);
    }
  const groups = [...byCategory].filter(
    ([, { a }]) => a.length >= defaults.targets && new Set(a.map(({ image }) => image)).size >= defaults.images,
  );
  if (groups.length < 2) return undefined;
  const found = groups.map(([category, { a, b }]) => ({
    prompts: shared.prompts,
    category,
    name: names.get(category) ?? `category ${category}`,
    ...differenceOf(a, b, seed),
  }));
  const adjusted = holm(found.map(({ p }) => p));
  const sorted = found
    .map(({ p: _, ...each }, i) => ({ ...each, adjustedP: adjusted[i]! }))
    .sort((x, y) => x.difference.value - y.difference.value);
  const lost = sorted.filter(({ difference }) => difference.value < 0);
  const gained = sorted.filter(({ difference }) => difference.value > 0).reverse();
  return {
    prompts: shared.prompts,
    judged: sorted.length,
    leftOut: byCategory.size - groups.length,
    worst: lost.slice(0, defaults.shown),
    best: gained.slice(0, defaults.shown),
  };
}

function differenceOf(a: readonly PredictionRow[], b: readonly PredictionRow[], seed: number) {
  // Only images that have the category: the others have nothing to exchange.
  const images = [...new Set(a.map(({ image }) => image))];
  const sums = (rows: readonly PredictionRow[]) =>
    sumByImage(
      rows.map(({ image, iou }) => ({ image, value: iou! })),
      images,
    );
  const x = sums(a);
  const y = sums(b);
  const total = (values: Float64Array) => values.reduce((sum, each) => sum + each, 0);
  const n = a.length;
  const differences = y.sums.map((each, i) => each - x.sums[i]!);
  const exchangedDifference = (exchanged: Uint8Array) => {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) sum += exchanged[i] === 1 ? -differences[i]! : differences[i]!;
    return sum / n;
  };
  const { value, low, high } = pairedDifference(y, x, { seed })!;
  return {
    a: total(x.sums) / n,
    b: total(y.sums) / n,
    n,
    difference: { value, low, high },
    p: permutationP(exchangedDifference, images.length, { seed, draws: defaults.draws })!,
  };
}
