// A child ends with its parent, however the parent ends and whatever the child computes: a thread watches for it, because the
// child's own event loop stands still during native code.
import { Worker } from "node:worker_threads";

/** File descriptor of a pipe that the parent (spawnChild.ts) never writes to: the kernel closes it when the parent is gone. */
export const watchedPipe = 4;

/** Starts a thread that does nothing but watch. */
export function watchParent() {
  const thread = new Worker(new URL("parentWatchThread.mjs", import.meta.url), {
    execArgv: [],
    // The thread needs next to nothing, and the memory of this process is measured.
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  });
  thread.unref();
}
