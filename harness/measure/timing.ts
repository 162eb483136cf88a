import { type Clock, systemClock } from "./clock.ts";

/** The kinds of work that the time of a run goes to, in the order in which they begin, each with its title. */
export const works = {
  program: "program: Node started, code read or compiled",
  plan: "plan: plug-ins and data set opened",
  weights: "weights opened and hashed",
  calibration: "calibration",
  graphs: "graphs described, hashed, written",
  overlap: "calibration's images compared with the run's",
  record: "record made, its code hashed",
  open: "stored run looked for, record opened",
  "provider-start": "provider: processes started",
  "provider-load": "provider: graphs loaded",
  "provider-compare": "provider: outputs compared",
  "provider-end": "provider: processes ended",
  "accuracy-start": "accuracy: processes started",
  "accuracy-load": "accuracy: graphs and data set loaded",
  "accuracy-images": "accuracy: images",
  "accuracy-end": "accuracy: processes ended",
  photos: "latency: photos read",
  "memory-start": "memory: processes started",
  "memory-load": "memory: graphs loaded",
  "memory-stages": "memory: one photo",
  "memory-end": "memory: processes ended",
  "latency-start": "latency: processes started",
  "latency-load": "latency: graphs and data set loaded",
  "latency-warmup": "latency: warm-up",
  "latency-rounds": "latency: rounds",
  "latency-end": "latency: processes ended",
  "machine-start": "cold start, energy: processes started",
  "machine-load": "cold start, energy: graphs loaded",
  "machine-runs": "cold start, energy: images",
  "machine-end": "cold start, energy: processes ended",
  scores: "runs scored, records closed",
  table: "rows read, table made",
} as const;

export type Work = keyof typeof works;

/** One piece of work: when it began and ended by the clock of this process, and its processor time where that is known. */
export interface Piece {
  readonly work: Work;
  readonly fromMs: number;
  readonly toMs: number;
  readonly cpuMs?: number | undefined;
}

/** Receives what work took how long. Pieces may go on side by side. */
export interface Timing {
  /** Does a step of this process and books it. */
  timed<T>(work: Work, step: () => Promise<T> | T): Promise<T>;
  book(piece: Piece): void;
}

/** Books nothing. */
export const untimed: Timing = {
  timed: async (_work, step) => step(),
  book: () => undefined,
};

/** Time of one kind of work. */
export interface TimeRow {
  readonly work: Work;
  readonly title: string;
  /** Number of pieces. */
  readonly count: number;
  /** Sum over all pieces: where two go on side by side it is more than the time that passed. */
  readonly summedMs: number;
  /** Time in which at least one piece of this work went on. */
  readonly wallMs: number;
  /** Time in which no other kind of work went on. */
  readonly aloneMs: number;
  /** Processor time of the process that did it; absent where it is not known. */
  readonly cpuMs?: number | undefined;
}

/** Says where the time of a command went. */
export interface TimeTable {
  readonly wholeMs: number;
  /** Time in which two kinds of work or more went on. */
  readonly sharedMs: number;
  /** Time in which no work of the table went on. */
  readonly otherMs: number;
  /** Processor time of this process from its start, whatever it did. */
  readonly ownCpuMs: number;
  readonly rows: readonly TimeRow[];
}

/** Sources of the times, which tests replace. The clock counts from the start of this process. */
interface TimeSources {
  readonly clock?: Clock;
  /** Returns the processor time of this process so far. */
  readonly cpuMs?: () => number;
}

/** Returns the processor time of this process, all of its threads together. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Keeps all pieces of a command's work until its end. */
export class TimeRecorder implements Timing {
  readonly #pieces: Piece[] = [];
  readonly #clock: Clock;
  readonly #cpuMs: () => number;

  constructor({ clock = systemClock, cpuMs = processorMs }: TimeSources = {}) {
    this.#clock = clock;
    this.#cpuMs = cpuMs;
  }

  /** Books the time from the start of this process to now. */
  begun(work: Work): void {
    this.book({ work, fromMs: 0, toMs: this.#clock.nowMs(), cpuMs: this.#cpuMs() });
  }

  async timed<T>(work: Work, step: () => Promise<T> | T): Promise<T> {
    const fromMs = this.#clock.nowMs();
    const before = this.#cpuMs();
    try {
      return await step();
    } finally {
      this.book({ work, fromMs, toMs: this.#clock.nowMs(), cpuMs: this.#cpuMs() - before });
    }
  }

  book(piece: Piece): void {
    this.#pieces.push(piece);
  }

  /** Returns the table of all that is booked, up to now. */
  table(): TimeTable {
    return timeTable(this.#pieces, { wholeMs: this.#clock.nowMs(), ownCpuMs: this.#cpuMs() });
  }
}

interface Whole {
  readonly wholeMs: number;
  readonly ownCpuMs: number;
}

function timeTable(pieces: readonly Piece[], { wholeMs, ownCpuMs }: Whole): TimeTable {
  const { wall, alone, coveredMs } = coverage(pieces);
  const rows = (Object.keys(works) as Work[]).flatMap((work): TimeRow[] => {
    const own = pieces.filter((piece) => piece.work === work);
    if (own.length === 0) return [];
    const known = own.flatMap(({ cpuMs }) => cpuMs ?? []);
    return [
      {
        work,
        title: works[work],
        count: own.length,
        summedMs: sumOf(own.map(({ fromMs, toMs }) => toMs - fromMs)),
        wallMs: wall.get(work) ?? 0,
        aloneMs: alone.get(work) ?? 0,
        cpuMs: known.length === 0 ? undefined : sumOf(known),
      },
    ];
  });
  return {
    wholeMs,
    sharedMs: coveredMs - sumOf([...alone.values()]),
    otherMs: wholeMs - coveredMs,
    ownCpuMs,
    rows,
  };
}

interface Coverage {
  readonly wall: ReadonlyMap<Work, number>;
  readonly alone: ReadonlyMap<Work, number>;
  readonly coveredMs: number;
}

/** Goes through the times at which a piece begins or ends, and gives the time between two of them to all that go on in it. */
function coverage(pieces: readonly Piece[]): Coverage {
  const wall = new Map<Work, number>();
  const alone = new Map<Work, number>();
  const going = new Map<Work, number>();
  let coveredMs = 0;
  let last = 0;
  const edges = pieces.flatMap(({ work, fromMs, toMs }) => [
    { work, atMs: fromMs, change: 1 },
    { work, atMs: toMs, change: -1 },
  ]);
  for (const { work, atMs, change } of edges.sort((a, b) => a.atMs - b.atMs || b.change - a.change)) {
    const passed = atMs - last;
    last = atMs;
    for (const each of going.keys()) wall.set(each, (wall.get(each) ?? 0) + passed);
    const [only] = going.keys();
    if (only !== undefined) coveredMs += passed;
    if (only !== undefined && going.size === 1) alone.set(only, (alone.get(only) ?? 0) + passed);
    const count = (going.get(work) ?? 0) + change;
    if (count === 0) going.delete(work);
    else going.set(work, count);
  }
  return { wall, alone, coveredMs };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
