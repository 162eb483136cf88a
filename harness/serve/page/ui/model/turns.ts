/** Lets one work at a time: two models that compute at once would each be slower than its times say. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Begins the work when all before it has ended, however that ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
