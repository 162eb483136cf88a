interface Turn {
  readonly threads: number;
  begin(): void;
}

/**
 * Lets models compute at once only where each has processors of its own, else by turns: the times that the page shows are those of one
 * model alone. On two cores, MobileSAM and RepViT-SAM in one page took for a photo and a click, medians of 3 rounds:
 *
 * | threads each | order    | both, s | encode, each, s |
 * | ------------ | -------- | ------- | --------------- |
 * | 2            | by turns | 5.3     | 1.5, 3.6        |
 * | 2            | at once  | 5.8     | 3.5, 5.7        |
 * | 1            | by turns | 10.4    | 2.9, 7.1        |
 * | 1            | at once  | 7.3     | 3.0, 7.1        |
 *
 * Models that have all cores each are the fastest pair by turns, and at once would show times up to twice as long. Those with a thread
 * each are faster at once, and their times are the same but for 3 %.
 */
export class Turns {
  readonly #cores: number;
  /** Threads of what is under way. */
  #taken = 0;
  /** The first has waited longest: nobody overtakes it. */
  readonly #waiting: Turn[] = [];

  constructor(cores: number) {
    this.#cores = cores;
  }

  /** Begins the work when so many threads are free, however what was before it ended. */
  take<T>(threads: number, work: () => Promise<T>): Promise<T> {
    const own = Math.min(threads, this.#cores);
    const begun = new Promise<void>((begin) => this.#waiting.push({ threads: own, begin }));
    this.#admit();
    return begun.then(work).finally(() => {
      this.#taken -= own;
      this.#admit();
    });
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#taken + next.threads > this.#cores) return;
      this.#waiting.shift();
      this.#taken += next.threads;
      next.begin();
    }
  }
}
