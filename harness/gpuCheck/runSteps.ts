import type { CheckStep } from "./steps.ts";

/** Says what a command line of `bench` ended with. */
export interface Ended {
  readonly code: number;
  /** The last line that it wrote to standard error. */
  readonly last: string;
}

export interface StepOutcome {
  readonly title: string;
  readonly state: "held" | "failed";
  /** Holds what the command said at its end, where it failed. */
  readonly message?: string | undefined;
  readonly seconds: number;
}

interface Running {
  /** Runs a command line of `bench`, and tells its lines while it goes on. */
  bench(words: readonly string[]): Promise<Ended>;
  /** Is told before each step how many seconds of all are done. */
  begun(doneSeconds: number, totalSeconds: number, title: string): void;
  nowMs(): number;
  readonly signal: AbortSignal;
}

/** Runs the steps one after the other. One that fails does not stop the others; Ctrl-C leaves out those that are left. */
export async function runSteps(
  steps: readonly CheckStep[],
  { bench, begun, nowMs, signal }: Running,
): Promise<readonly StepOutcome[]> {
  const total = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const outcomes: StepOutcome[] = [];
  let done = 0;
  for (const { title, words, seconds } of steps) {
    if (signal.aborted) break;
    begun(done, total, title);
    const began = nowMs();
    const { code, last } = await bench(words);
    const taken = (nowMs() - began) / 1000;
    outcomes.push(
      code === 0
        ? { title, state: "held", seconds: taken }
        : { title, state: "failed", message: last === "" ? `exit code ${code}` : last, seconds: taken },
    );
    done += seconds;
  }
  return outcomes;
}
