// The thread of watchdog.ts: it waits for signs of life while the main thread may stand still in native code.
import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const { text, allowedMs } = workerData;
const tickMs = Math.min(1000, allowedMs / 4);
let elapsedMs = 0;
let last = performance.now();
parentPort.on("message", () => {
  elapsedMs = 0;
});
setInterval(() => {
  const now = performance.now();
  // Time in which this process was itself stopped does not count.
  elapsedMs += Math.min(now - last, 2 * tickMs);
  last = now;
  if (elapsedMs < allowedMs) return;
  writeSync(2, text);
  process.kill(process.pid, "SIGKILL");
}, tickMs);
