import { Stopped } from "../../errors.ts";
import { exitCodes } from "./exitCodes.ts";

interface Observer {
  note(text: string): void;
  finish(): void;
}

/** Resolves at Ctrl-C, for work that goes on until then. A second one ends the process at once. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => {
      process.once("SIGINT", () => process.exit(exitCodes.interrupted.code));
      resolve();
    });
  });
}

/** Throws Stopped behind a step that Ctrl-C let come to its end. */
export function requireGoingOn({ aborted }: AbortSignal): void {
  if (aborted) throw new Stopped("stopped; what is built is kept, the same command goes on from there");
}

/** Runs work that Ctrl-C can stop: the first Ctrl-C asks it to end after its current image, the second ends the process. */
export async function interruptible<T>(observer: Observer, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onInterrupt = () => {
    if (stop.signal.aborted) process.exit(exitCodes.interrupted.code);
    stop.abort();
    observer.note("stopping after the current image; press Ctrl-C again to stop at once");
  };
  process.on("SIGINT", onInterrupt);
  try {
    return await work(stop.signal);
  } finally {
    observer.finish();
    process.off("SIGINT", onInterrupt);
  }
}
