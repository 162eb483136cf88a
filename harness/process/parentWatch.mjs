// On every exit of the parent the child ends too, whatever it computes: its own event loop stands still meanwhile.
import { Worker } from "node:worker_threads";

/** Where a pipe is found that the parent (spawnChild.ts) never writes to: the kernel closes it when the parent is gone. */
export const watchedPipe = 4;

/** Starts a thread that does nothing but watch. */
export function watchParent() {
  const thread = new Worker(new URL("parentWatchThread.mjs", import.meta.url), {
    execArgv: [],
    // It needs next to nothing, and the memory of this process is measured.
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  });
  thread.unref();
}
