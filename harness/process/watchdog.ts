import { Worker } from "node:worker_threads";

interface Watched {
  /** The error that is printed where the work takes too long: one line. */
  readonly text: string;
  readonly allowedMs: number;
}

/**
 * Does work in this process that may stand still in native code. If `alive` is not called for `allowedMs`, a thread prints the
 * text and ends the process: nothing else can, while the event loop stands still.
 */
export async function watched<T>({ text, allowedMs }: Watched, work: (alive: () => void) => Promise<T>): Promise<T> {
  const thread = new Worker(new URL("watchdog.mjs", import.meta.url), {
    execArgv: [],
    workerData: { text: `error: ${text}\n`, allowedMs },
  });
  thread.unref();
  try {
    return await work(() => thread.postMessage("alive"));
  } finally {
    await thread.terminate();
  }
}
