// A process that is started with `--require` of this file appends what it used to the file that SAM_BENCH_USAGE names, as a line
// of JSON, when it ends: microseconds of the processor, and the peak of its memory in bytes.
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const { isMainThread } = require("node:worker_threads");

// Threads of a process share its processor time and its memory.
if (isMainThread) {
  const write = fs.writeFileSync;
  let peakBytes = 0;
  const look = () => {
    peakBytes = Math.max(peakBytes, highestSinceReset());
  };
  // Memory is measured by stage: what was the peak until then is forgotten by a write to this file.
  fs.writeFileSync = (file, ...rest) => {
    if (file === "/proc/self/clear_refs") look();
    return write(file, ...rest);
  };
  syncBuiltinESMExports();
  process.once("exit", () => {
    look();
    const { user, system } = process.cpuUsage();
    fs.appendFileSync(process.env.SAM_BENCH_USAGE, `${JSON.stringify({ cpuUs: user + system, peakBytes })}\n`);
  });
}

/** Returns VmHWM where Linux tells it: maxRSS also counts the process that this one was forked from. */
function highestSinceReset() {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}
