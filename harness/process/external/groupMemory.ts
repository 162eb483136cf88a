import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ProcessMemory, processMemory } from "../../measure/memory.ts";

const defaults = {
  /** A child that begins and ends between two looks is not seen. */
  lookEveryMs: 50,
};

/** Memory of a whole process group, of which processes come and go. */
export interface GroupMemory extends ProcessMemory {
  /** Ends the looks. */
  stop(): void;
}

/**
 * Sums what /proc says of each living process of the group: pages that two of them share count in both. The peak is the highest
 * sum of peaks that was seen since the last reset.
 */
export function groupMemory(group: number, proc = "/proc"): GroupMemory {
  const members = () => membersOf(group, proc).map((process) => processMemory(sourcesOf(join(proc, process))));
  const sumOf = (bytes: (memory: ProcessMemory) => number) => members().reduce((sum, each) => sum + bytes(each), 0);
  const peakNow = () => sumOf((each) => each.peakBytes());
  let seen = 0;
  const look = () => {
    seen = Math.max(seen, peakNow());
  };
  const timer = setInterval(look, defaults.lookEveryMs);
  timer.unref();
  return {
    residentBytes: () => sumOf((each) => each.residentBytes()),
    peakBytes() {
      look();
      return seen;
    },
    resetPeak() {
      seen = 0;
      return members().every((each) => each.resetPeak());
    },
    stop: () => clearInterval(timer),
  };
}

/** A process that ended while it was looked at holds nothing; what Node says of this process is not about that one. */
function sourcesOf(proc: string) {
  return { proc, residentBytes: () => 0, resourceUsage: () => ({ maxRSS: 0 }) };
}

/** Ids of the processes in the group. Source: proc_pid_stat(5), whose fifth field is the group; the second, in brackets, may hold anything. */
function membersOf(group: number, proc: string): readonly string[] {
  return readdirSync(proc).filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(join(proc, name, "stat"), "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) === group;
    } catch {
      return false;
    }
  });
}
