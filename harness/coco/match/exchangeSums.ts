import type { Category, ExchangedFigures, MetricValue } from "../../api.ts";
import type { Cell } from "./cells.ts";
import { ExchangeAccumulator, type ExchangedCell, exchangesAtOnce, lanes } from "./exchangeCells.ts";
import { MoveCounter } from "./movedCounts.ts";
import { iouThresholds, type Summary, summarises } from "./rules.ts";

const thresholds = iouThresholds.length;

/** A cell, and what decides which summaries count it. */
export interface SplitCell {
  readonly cell: Cell;
  /** Id of its split. */
  readonly split: string;
  readonly frequency: Category["frequency"];
}

/** Holds what exchanged figures are made of. */
interface Exchangeable {
  readonly cells: readonly SplitCell[];
  /** The summaries that are wanted. */
  readonly summaries: readonly Summary[];
  /** Number of images, of which 2i and 2i + 1 are one with the results of two sides. */
  readonly images: number;
  readonly limits: number;
}

type ExchangedSplit = SplitCell & ExchangedCell;

/** Yields the figures of each exchange, as `FittedMetric.byExchange` has them. */
export function* exchangedFigures(
  given: Exchangeable,
  exchanges: Iterable<Uint8Array>,
): Generator<ExchangedFigures, void, void> {
  const counter = new MoveCounter(given.limits, given.images);
  const cells = given.cells.flatMap((each): ExchangedSplit[] => {
    const wanted = given.summaries.some((summary) => summarises(summary, each.split, each.frequency));
    const positives = positivesOf(each.cell);
    return wanted && positives > 0 ? [{ ...each, positives, moved: counter.count(each.cell) }] : [];
  });
  const accumulator = new ExchangeAccumulator(given.limits, given.images);
  let held = 0;
  for (const exchanged of exchanges) {
    accumulator.set(held++, exchanged);
    if (held < exchangesAtOnce) continue;
    yield* figuresOf({ cells, summaries: given.summaries }, accumulator, held);
    held = 0;
  }
  if (held > 0) yield* figuresOf({ cells, summaries: given.summaries }, accumulator, held);
}

/** Returns the figures of the exchanges that the accumulator holds. */
function figuresOf(
  { cells, summaries }: { readonly cells: readonly ExchangedSplit[]; readonly summaries: readonly Summary[] },
  accumulator: ExchangeAccumulator,
  held: number,
): readonly ExchangedFigures[] {
  const sums = summaries.map((summary) => new LaneSum(summary));
  for (const each of cells) {
    const wanted = sums.filter(({ summary }) => summarises(summary, each.split, each.frequency));
    accumulator.count(each);
    const ofRecall = wanted.some(({ summary }) => "recallWithin" in summary.of);
    const ofPrecision = wanted.some(({ summary }) => !("recallWithin" in summary.of));
    const recall = ofRecall ? accumulator.recalls(each) : nothing;
    const precision = ofPrecision ? accumulator.precisions(each) : nothing;
    for (const sum of wanted) sum.add({ positives: each.positives, precision, recall });
  }
  const lane = (place: number) => sums.map((sum) => sum.valueOf(place));
  return Array.from({ length: held }, (_, e) => ({ first: lane(e), second: lane(exchangesAtOnce + e) }));
}

const nothing = new Float64Array(0);

/** Returns the number of annotations to find, which each side has in full. */
function positivesOf({ positives }: Cell): number {
  const ofSides = [0, 0];
  for (const [i, image] of positives.images.entries()) ofSides[image & 1]! += positives.counts[i]!;
  if (ofSides[0] !== ofSides[1]) throw new Error(`the two sides have ${ofSides.join(" and ")} annotations to find`);
  return ofSides[0]!;
}

/** Sums of one summary's cells, for each lane: `SummarySums` in many at once. */
class LaneSum {
  readonly summary: Summary;
  readonly #sums = new Float64Array(lanes);
  #present = 0;
  #n = 0;

  constructor(summary: Summary) {
    this.summary = summary;
  }

  /** Adds the figures of one cell. */
  add({ positives, precision, recall }: LaneFigures): void {
    const { of } = this.summary;
    if ("recallWithin" in of) this.#addMeans(recall, of.recallWithin);
    else if (of.precisionAt === undefined) this.#addMeans(precision, 0);
    else for (let lane = 0; lane < lanes; lane++) this.#sums[lane]! += precision[lane * thresholds + of.precisionAt]!;
    this.#present++;
    this.#n += positives;
  }

  /** Adds the means over the thresholds within one limit. */
  #addMeans(values: Float64Array, limit: number): void {
    const wide = values.length / lanes;
    for (let lane = 0; lane < lanes; lane++) {
      let sum = 0;
      for (let t = 0; t < thresholds; t++) sum += values[lane * wide + limit * thresholds + t]!;
      this.#sums[lane]! += sum / thresholds;
    }
  }

  valueOf(lane: number): MetricValue {
    return {
      id: this.summary.id,
      value: this.#present > 0 ? this.#sums[lane]! / this.#present : undefined,
      n: this.#n,
    };
  }
}

/** Figures of one cell in every lane, as `ExchangeAccumulator` returns them. */
interface LaneFigures {
  readonly positives: number;
  readonly precision: Float64Array;
  readonly recall: Float64Array;
}
