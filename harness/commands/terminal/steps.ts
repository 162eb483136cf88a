import { type Console, note } from "./command.ts";
import { createProgress, type Progress, type ProgressOptions } from "./progress.ts";

/** Progress of work that has several steps: it shows one line for the step under way, and whole lines for the rest. */
export interface Steps {
  /** Returns the line of the step `what`; the line of the step before it is wiped off. */
  follow(what: string, options: ProgressOptions): Progress;
  note(text: string): void;
  finish(): void;
}

export function createSteps(console: Console): Steps {
  let current: { readonly what: string; readonly progress: Progress } | undefined;
  const finish = () => {
    current?.progress.finish();
    current = undefined;
  };
  return {
    follow(what, options) {
      if (current?.what !== what) {
        finish();
        current = { what, progress: createProgress(console, options) };
      }
      // Some work finds out how much it is only while it goes on.
      current.progress.expect(options.total);
      return current.progress;
    },
    note: (text) => (current === undefined ? note(console, text) : current.progress.note(text)),
    finish,
  };
}
