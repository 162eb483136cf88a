import { type Console, note } from "./command.ts";
import { createProgress, type Progress, type ProgressOptions } from "./progress.ts";

/** Progress of work that has several steps: it shows one line for the step under way, and whole lines for the rest. */
export interface Steps {
  /**
   * Returns the line of the step `what`; the line of another step is wiped off. Two steps may take turns, and each keeps its rate.
   */
  follow(what: string, options: ProgressOptions): Progress;
  note(text: string): void;
  /** Wipes the line off; the next update draws it again. */
  pause(): void;
  finish(): void;
}

export function createSteps(console: Console): Steps {
  const begun = new Map<string, Progress>();
  let current: Progress | undefined;
  return {
    follow(what, options) {
      const progress = begun.get(what) ?? createProgress(console, options);
      begun.set(what, progress);
      if (progress !== current) current?.finish();
      current = progress;
      // Some work finds out how much it is only while it goes on.
      progress.expect(options.total);
      return progress;
    },
    note: (text) => (current === undefined ? note(console, text) : current.note(text)),
    pause: () => current?.finish(),
    finish() {
      current?.finish();
      current = undefined;
      begun.clear();
    },
  };
}
