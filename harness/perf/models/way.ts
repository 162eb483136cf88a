/** One of the ways of doing a job that a benchmark compares. Each has a process of its own. */
export interface Way {
  readonly name: string;
  /** The 10^9 multiply-accumulates that a turn executes; absent where they are not known. */
  readonly gmacs?: number | undefined;
  /** Starts its process, whose work has this many threads. */
  start(threads: number): StartedWay;
}

export interface StartedWay {
  /** Resolves with the version of another program that does the work. */
  load(): Promise<string | undefined>;
  turn(): Promise<Turn>;
  /** Lets the process end; resolves when its memory is free again. */
  close(): Promise<void>;
}

/** What one turn took. */
export interface Turn {
  readonly durationMs: number;
  /** Processor's time of all threads. */
  readonly cpuMs: number;
  /** Peak of the process until now, loading included. */
  readonly peakBytes: number;
}
