import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Memory of one process in bytes of resident set: what it holds in RAM, shared libraries included. */
export interface ProcessMemory {
  residentBytes(): number;
  /** Returns the highest since the process began, or since the last reset that worked. */
  peakBytes(): number;
  /** Makes the current memory the new peak. Returns false where the platform cannot: then peaks only grow. */
  resetPeak(): boolean;
}

interface StageMemory<T> {
  readonly value: T;
  readonly peakBytes: number;
  /** Reason why the peak may belong to an earlier stage. */
  readonly caveat?: string;
}

const caveat = "peak memory cannot be reset on this platform: it is the highest since the process began";

/** Sources of the numbers, which tests and other processes replace: `proc` is /proc/self or /proc/<pid>. */
interface MemorySources {
  readonly proc?: string;
  readonly resourceUsage?: () => { readonly maxRSS: number };
  readonly residentBytes?: () => number;
}

/**
 * Reads VmRSS and VmHWM on Linux, where writing 5 to clear_refs sets VmHWM back to VmRSS. Elsewhere, or where a container hides
 * these, the peak is getrusage's and cannot be reset.
 * Source: proc(5), proc_pid_clear_refs(5); Node gives maxRSS in KiB on every platform.
 */
export function processMemory({
  proc = "/proc/self",
  resourceUsage = process.resourceUsage.bind(process),
  residentBytes = process.memoryUsage.rss.bind(process.memoryUsage),
}: MemorySources = {}): ProcessMemory {
  return {
    residentBytes: () => statusBytes(proc, "VmRSS") ?? residentBytes(),
    peakBytes: () => statusBytes(proc, "VmHWM") ?? resourceUsage().maxRSS * 1024,
    resetPeak() {
      if (statusBytes(proc, "VmHWM") === undefined) return false;
      try {
        writeFileSync(join(proc, "clear_refs"), "5");
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Runs a stage from a fresh peak and reads the stage's own. The peak is absolute: memory from before the stage counts. */
export async function peakDuring<T>(
  step: () => Promise<T> | T,
  memory: ProcessMemory = processMemory(),
): Promise<StageMemory<T>> {
  const reset = memory.resetPeak();
  const value = await step();
  return { value, peakBytes: memory.peakBytes(), caveat: reset ? undefined : caveat };
}

/** Reads a line like `VmHWM:	    1680 kB`; the kernel's kB are 1024 bytes. */
function statusBytes(proc: string, name: string): number | undefined {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(join(proc, "status"), "utf8"));
    return found === null ? undefined : Number(found[1]) * 1024;
  } catch {
    return undefined;
  }
}
