import { availableParallelism } from "node:os";
import type { ExchangedFigures, MetricValue } from "../../../api.ts";
import { grown, sharedLike } from "../../../mask/columns.ts";
import type { Cell, SplitCell } from "../cells.ts";
import { type Summary, summarises } from "../rules.ts";
import {
  awaitBlocks,
  beginSecondThread,
  type ExchangedSplit,
  type ExchangeJob,
  exchangeJob,
  laneSums,
  takeBlocks,
} from "./exchangeBlocks.ts";
import { exchangesAtOnce } from "./exchangeCells.ts";
import { MoveCounter } from "./movedCounts.ts";

const defaults = {
  /** Least number of detections times exchanges: below it a second thread would start no sooner than one is done. */
  worthTwoThreads: 15e6,
  /** Milliseconds in which another thread sums one block of the largest files many times over. */
  lateMs: 5000,
};

/** Holds what exchanged figures are made of. */
export interface Exchangeable {
  readonly cells: readonly SplitCell[];
  /** The summaries that are wanted. */
  readonly summaries: readonly Summary[];
  /** Number of images, of which 2i and 2i + 1 are one with the results of two sides. */
  readonly images: number;
  readonly limits: number;
}

/**
 * Returns the figures of each exchange, as `FittedMetric.byExchange` has them. Where it is worth it, a second thread begins to sum
 * before this returns, and goes on until the figures are asked for; then both sum what is left.
 */
export function exchangedFigures(given: Exchangeable, exchanges: Iterable<Uint8Array>): Iterable<ExchangedFigures> {
  const job = jobOf(given, exchanges);
  if (isWorthTwoThreads(job)) beginSecondThread(job);
  return summed(job);
}

/** Prepares the cells that some summary counts. Throws where the two sides have other annotations. */
export function jobOf(given: Exchangeable, exchanges: Iterable<Uint8Array>): ExchangeJob {
  const counter = new MoveCounter(given.limits, given.images);
  const cells = given.cells.flatMap((each): ExchangedSplit[] => {
    const wanted = given.summaries.some((summary) => summarises(summary, each.split, each.frequency));
    const positives = positivesOf(each.cell);
    return wanted && positives > 0 ? [{ ...each, positives, moved: counter.count(each.cell) }] : [];
  });
  const { summaries, images, limits } = given;
  return exchangeJob({ cells, summaries, images, limits, ...gathered(exchanges, images / 2) });
}

function* summed(job: ExchangeJob): Generator<ExchangedFigures, void, void> {
  takeBlocks(job);
  awaitBlocks(job, defaults);
  const counts = job.summaries.map((summary) => countsOf(job, summary));
  for (let exchange = 0; exchange < job.count; exchange++) {
    const block = Math.floor(exchange / exchangesAtOnce);
    const sums = job.summaries.map((_, i) => laneSums(job, block, i));
    const lane = (place: number) =>
      job.summaries.map(({ id }, i): MetricValue => {
        const { present, n } = counts[i]!;
        return { id, value: present > 0 ? sums[i]![place]! / present : undefined, n };
      });
    const first = exchange % exchangesAtOnce;
    yield { first: lane(first), second: lane(exchangesAtOnce + first) };
  }
}

function isWorthTwoThreads({ cells, count }: ExchangeJob): boolean {
  const detections = cells.reduce((sum, { cell }) => sum + cell.images.length, 0);
  return detections * count >= defaults.worthTwoThreads && availableParallelism() > 1;
}

/** Copies exchanges into memory that threads share. */
function gathered(exchanges: Iterable<Uint8Array>, pairs: number): Pick<ExchangeJob, "exchanges" | "count"> {
  let all = sharedLike(new Uint8Array(0), 0);
  let count = 0;
  for (const exchange of exchanges) {
    all = grown(all, (count + 1) * pairs);
    all.set(exchange, count * pairs);
    count++;
  }
  return { exchanges: all, count };
}

/** Returns of how many cells a summary is the mean, and the number of their annotations to find. */
function countsOf({ cells }: ExchangeJob, summary: Summary): { readonly present: number; readonly n: number } {
  const own = cells.filter(({ split, frequency }) => summarises(summary, split, frequency));
  return { present: own.length, n: own.reduce((sum, { positives }) => sum + positives, 0) };
}

/** Returns the number of annotations to find, which each side has in full. */
function positivesOf({ positives }: Cell): number {
  const ofSides = [0, 0];
  for (const [i, image] of positives.images.entries()) ofSides[image & 1]! += positives.counts[i]!;
  if (ofSides[0] !== ofSides[1]) throw new Error(`the two sides have ${ofSides.join(" and ")} annotations to find`);
  return ofSides[0]!;
}
