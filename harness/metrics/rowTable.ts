import type { Category, FittedMetric, MetricContext, MetricValue, PredictionRow } from "../api.ts";
import { DetectionTable, type GroundTruth, joinSides, type Matches, summarizer } from "../coco/index.ts";

/** Tables of rows in their own categories: several metrics ask for that of the same rows. */
const tables = new WeakMap<readonly PredictionRow[], DetectionTable>();

/** Returns the rows that have a score as a table of detections, without the prompt's box, so that sizes go by the mask. */
export function tableOf(rows: readonly PredictionRow[]): DetectionTable {
  const known = tables.get(rows);
  if (known !== undefined) return known;
  const table = tableWith(rows, (own) => own);
  tables.set(rows, table);
  return table;
}

/** Returns the same with another category in place of each that is not known. */
export function tableOfKnown(
  rows: readonly PredictionRow[],
  known: ReadonlySet<number>,
  other: number,
): DetectionTable {
  if (rows.every(({ category }) => known.has(category))) return tableOf(rows);
  return tableWith(rows, (own) => (known.has(own) ? own : other));
}

function tableWith(rows: readonly PredictionRow[], categoryOf: (category: number) => number): DetectionTable {
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
