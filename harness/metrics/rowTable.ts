import type { Category, FittedMetric, MetricContext, MetricValue, PredictionRow } from "../api.ts";
import { DetectionTable, type GroundTruth, joinSides, type Matches, summarizer } from "../coco/index.ts";

/**
 * Returns the rows that have a score as a table of detections, without the prompt's box, so that sizes go by the mask.
 * `categoryOf` replaces a row's category; without it the category stays.
 */
export function tableOf(
  rows: readonly PredictionRow[],
  categoryOf: (category: number) => number = (own) => own,
): DetectionTable {
  const table = new DetectionTable("rows of the run");
  for (const { image, category: own, score, mask } of rows) {
    if (score === undefined) continue;
    table.add(image, categoryOf(own), score);
    table.setMask(table.masks.addCounts(mask.counts), mask.size);
  }
  return table;
}

/** Tells whether rows can be scored: either they have scores, or there is no row because the protocol kept no mask. */
export function isScored(
  rows: readonly PredictionRow[],
  { count }: DetectionTable,
  { protocol }: MetricContext,
): boolean {
  return count > 0 || (rows.length === 0 && protocol?.ranksMasks === true);
}

/** Returns the ground truth that rows are scored against; undefined where the context has no dataset. */
export function truthOfContext({ images, dataset }: MetricContext): GroundTruth | undefined {
  if (dataset === undefined) return undefined;
  const { categories, annotationsOf, listsOf } = dataset;
  return {
    images: [...new Set(images)].sort((a, b) => a - b),
    categories,
    // Ids are the dataset's own: one that counts from 0 is not to lose an annotation.
    idZeroIsNoMatch: false,
    // Rows are the harness's own: a mask of another size is a fault.
    foreignSizesMatchNothing: false,
    sizeOf: () => undefined,
    annotationsOf,
    listsOf,
  };
}

/** Matches of each fitted metric: two that are fitted are exchanged without being matched again. */
const matchesOf = new WeakMap<FittedMetric, Matches>();

/** Returns the summaries that are wanted as a fitted metric. */
export function fittedSummaries(
  matches: Matches,
  categories: readonly Category[],
  wanted: (figure: Pick<MetricValue, "id">) => boolean,
): FittedMetric {
  const { values, byGroup, byExchange } = summarizer(matches, categories);
  const fitted: FittedMetric = Object.assign(
    ({ counts }: Parameters<FittedMetric>[0]) => values(counts).filter(wanted),
    {
      byGroup: (...given: Parameters<typeof byGroup>) =>
        byGroup(...given).map((groups) => groups.map((figures) => figures.filter(wanted))),
      byExchange: (exchanges: Iterable<Uint8Array>) => byExchange(exchanges, wanted),
      joined(other: FittedMetric) {
        const others = matchesOf.get(other);
        return others && fittedSummaries(joinSides(matches, others), categories, wanted);
      },
    },
  );
  matchesOf.set(fitted, matches);
  return fitted;
}
