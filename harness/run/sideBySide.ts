const defaults = {
  /** Tasks that go on at once: while one reads and draws masks in one thread, another computes. */
  most: 2,
};

/** A piece of work that is not timed. */
export interface Task {
  /** Memory that the task is expected to need. A task of which nobody knows goes on alone. */
  readonly bytes: number | undefined;
  run(): Promise<void>;
}

interface SideBySideOptions {
  /** Memory that all tasks may need together. */
  readonly bytes: number;
  readonly most?: number | undefined;
}

/** Does tasks in the order in which they come, some of them at the same time where memory allows that. */
export class SideBySide {
  readonly #bytes: number;
  readonly #most: number;
  readonly #waiting: Task[] = [];
  readonly #running = new Map<Task, Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor({ bytes, most = defaults.most }: SideBySideOptions) {
    this.#bytes = bytes;
    this.#most = most;
  }

  add(task: Task): void {
    this.#waiting.push(task);
    this.#begin();
  }

  /** Resolves when all tasks have ended. Throws the first error of a task, once those beside it have ended; none begins after it. */
  async end(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Lets no further task begin. Resolves when those under way have ended, however they end. */
  async stop(): Promise<void> {
    this.#waiting.length = 0;
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #begin(): void {
    for (let task = this.#waiting[0]; task !== undefined && this.#fits(task); task = this.#waiting[0]) {
      this.#waiting.shift();
      this.#running.set(task, this.#run(task));
    }
  }

  async #run(task: Task): Promise<void> {
    try {
      // Not before this call has returned: the task is then known to be under way.
      await Promise.resolve().then(() => task.run());
    } catch (error) {
      this.#failure ??= { error };
      this.#waiting.length = 0;
    } finally {
      this.#running.delete(task);
      this.#begin();
    }
  }

  #fits(task: Task): boolean {
    if (this.#failure !== undefined) return false;
    if (this.#running.size === 0) return true;
    if (this.#running.size >= this.#most) return false;
    const needed = [task, ...this.#running.keys()].map(({ bytes = Number.POSITIVE_INFINITY }) => bytes);
    return needed.reduce((sum, bytes) => sum + bytes, 0) <= this.#bytes;
  }
}
