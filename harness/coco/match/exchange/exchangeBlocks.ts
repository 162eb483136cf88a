import { Worker } from "node:worker_threads";
import { sharedLike } from "../../../mask/columns.ts";
import type { SplitCell } from "../cells.ts";
import { iouThresholds, type Summary, summarises } from "../rules.ts";
import { ExchangeAccumulator, type ExchangedCell, exchangesAtOnce, lanes } from "./exchangeCells.ts";

const thresholds = iouThresholds.length;

export type ExchangedSplit = SplitCell & ExchangedCell;

/** Holds what exchanged figures are summed from. */
export interface ExchangeInput {
  readonly cells: readonly ExchangedSplit[];
  readonly summaries: readonly Summary[];
  /** Number of images, of which 2i and 2i + 1 are one with the results of two sides. */
  readonly images: number;
  readonly limits: number;
  /** All exchanges, one after the other: a byte for each pair of images. */
  readonly exchanges: Uint8Array;
  /** Number of exchanges. */
  readonly count: number;
}

/** Holds exchanges and their sums in memory that threads share: they take block after block, whichever is free. */
export interface ExchangeJob extends ExchangeInput {
  /** Sums at place (block * summaries + summary) * lanes + lane, where a block is the exchanges that are summed at once. */
  readonly sums: Float64Array;
  /** The first value is the next block that nobody has taken; behind it stands 1 for each block that is summed. */
  readonly state: Int32Array;
}

export function exchangeJob(input: ExchangeInput): ExchangeJob {
  const blocks = Math.ceil(input.count / exchangesAtOnce);
  return {
    ...input,
    sums: sharedLike(new Float64Array(0), blocks * input.summaries.length * lanes),
    state: sharedLike(new Int32Array(0), 1 + blocks),
  };
}

/** Sums blocks until all are taken. Every thread of the job calls it. */
export function takeBlocks(job: ExchangeJob): void {
  const accumulator = new ExchangeAccumulator(job.limits, job.images);
  const blocks = job.state.length - 1;
  for (let block = Atomics.add(job.state, 0, 1); block < blocks; block = Atomics.add(job.state, 0, 1))
    sumBlock(job, accumulator, block);
}

/** Starts a thread that takes blocks, too. It need not come to any: what it does not sum is summed by whoever awaits the blocks. */
export function beginSecondThread(job: ExchangeJob): void {
  const worker = new Worker(new URL("exchangeWorker.mjs", import.meta.url), { workerData: job, execArgv: [] });
  worker.on("error", () => undefined);
  worker.unref();
}

/**
 * Waits until other threads have summed what they took. A block that is late is summed here: its sums are the same, and a thread that
 * has died holds nothing up.
 */
export function awaitBlocks(job: ExchangeJob, { lateMs }: { readonly lateMs: number }): void {
  const blocks = job.state.length - 1;
  for (let block = 0; block < blocks; block++) {
    if (Atomics.wait(job.state, 1 + block, 0, lateMs) !== "timed-out") continue;
    sumBlock(job, new ExchangeAccumulator(job.limits, job.images), block);
  }
}

function sumBlock(job: ExchangeJob, accumulator: ExchangeAccumulator, block: number): void {
  const { cells, summaries, exchanges, count, images, state } = job;
  const pairs = images / 2;
  const first = block * exchangesAtOnce;
  const held = Math.min(exchangesAtOnce, count - first);
  for (let e = 0; e < held; e++) accumulator.set(e, exchanges.subarray((first + e) * pairs, (first + e + 1) * pairs));
  const sums = summaries.map((summary, i) => new LaneSum(summary, laneSums(job, block, i)));
  for (const each of cells) {
    const wanted = sums.filter(({ summary }) => summarises(summary, each.split, each.frequency));
    accumulator.count(each);
    const ofRecall = wanted.some(({ summary }) => "recallWithin" in summary.of);
    const ofPrecision = wanted.some(({ summary }) => !("recallWithin" in summary.of));
    const recall = ofRecall ? accumulator.recalls(each) : nothing;
    const precision = ofPrecision ? accumulator.precisions(each) : nothing;
    for (const sum of wanted) sum.add({ precision, recall });
  }
  for (const sum of sums) sum.store();
  Atomics.store(state, 1 + block, 1);
  Atomics.notify(state, 1 + block);
}

const nothing = new Float64Array(0);

/** Returns the sums of one summary in a block, by lane. */
export function laneSums({ sums, summaries }: ExchangeJob, block: number, summary: number): Float64Array {
  const at = (block * summaries.length + summary) * lanes;
  return sums.subarray(at, at + lanes);
}

/** Figures of one cell in every lane, as `ExchangeAccumulator` returns them. */
interface LaneFigures {
  readonly precision: Float64Array;
  readonly recall: Float64Array;
}

/** Sums of one summary's cells, for each lane: `SummarySums` in many at once. */
class LaneSum {
  readonly summary: Summary;
  readonly #stored: Float64Array;
  readonly #sums = new Float64Array(lanes);

  /** Sums are made apart, and stored once they are whole: a late block may be summed by two threads. */
  constructor(summary: Summary, stored: Float64Array) {
    this.summary = summary;
    this.#stored = stored;
  }

  store(): void {
    this.#stored.set(this.#sums);
  }

  /** Adds the figures of one cell. */
  add({ precision, recall }: LaneFigures): void {
    const { of } = this.summary;
    if ("recallWithin" in of) this.#addMeans(recall, of.recallWithin);
    else if (of.precisionAt === undefined) this.#addMeans(precision, 0);
    else for (let lane = 0; lane < lanes; lane++) this.#sums[lane]! += precision[lane * thresholds + of.precisionAt]!;
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
}
