import type { Category, ExchangedFigures, MetricValue } from "../../api.ts";
import type { Cell } from "./cells.ts";
import { ExchangeAccumulator, exchangesAtOnce, lanes } from "./exchangeCells.ts";
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

/** Yields the figures of each exchange, as `FittedMetric.byExchange` has them. */
export function* exchangedFigures(
  given: Exchangeable,
  exchanges: Iterable<Uint8Array>,
): Generator<ExchangedFigures, void, void> {
  const accumulator = new ExchangeAccumulator(given.limits, given.images);
  let held = 0;
  for (const exchanged of exchanges) {
    accumulator.set(held++, exchanged);
    if (held < exchangesAtOnce) continue;
    yield* figuresOf(given, accumulator, held);
    held = 0;
  }
  if (held > 0) yield* figuresOf(given, accumulator, held);
}

/** Returns the figures of the exchanges that the accumulator holds. */
function figuresOf(
  { cells, summaries }: Exchangeable,
  accumulator: ExchangeAccumulator,
  held: number,
): readonly ExchangedFigures[] {
  const sums = summaries.map((summary) => new LaneSum(summary));
  for (const each of cells) {
    const wanted = sums.filter(({ summary }) => summarises(summary, each.split, each.frequency));
    const positives = positivesOf(each.cell);
    if (wanted.length === 0 || positives === 0) continue;
    accumulator.count(each.cell);
    const ofPrecision = wanted.some(({ summary }) => !("recallWithin" in summary.of));
    const ofRecall = wanted.some(({ summary }) => "recallWithin" in summary.of);
    const precision = ofPrecision ? accumulator.precisions(each.cell, positives) : nothing;
    const recall = ofRecall ? accumulator.recalls(positives) : nothing;
    for (const sum of wanted) sum.add({ positives, precision, recall });
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
    if ("recallWithin" in of) this.#addMeans(recall, of.recallWithin * thresholds);
    else if (of.precisionAt === undefined) this.#addMeans(precision, 0);
    else for (let lane = 0; lane < lanes; lane++) this.#sums[lane]! += precision[of.precisionAt * lanes + lane]!;
    this.#present++;
    this.#n += positives;
  }

  /** Adds the mean over the thresholds, of which the first is at this place. */
  #addMeans(values: Float64Array, first: number): void {
    for (let lane = 0; lane < lanes; lane++) {
      let sum = 0;
      for (let t = 0; t < thresholds; t++) sum += values[(first + t) * lanes + lane]!;
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
