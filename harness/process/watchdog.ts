import { Worker } from "node:worker_threads";

export interface Watched {
  /** What is said where it takes too long, one line. */
  readonly text: string;
  readonly allowedMs: number;
}

/**
 * Does work that may stand still in native code, in this process. If no sign of life comes for that long, a thread says so and
 * ends the process: nothing else could, while this one's own event loop stands still.
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
