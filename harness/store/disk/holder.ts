import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errorCode } from "./disk.ts";

/** The lock file's text. `machine` is a hash: no host name is stored. `beat` grows while the holder lives. */
export interface Holder {
  readonly pid: number;
  /** Clock ticks since boot at which the process started: a recycled pid has another. */
  readonly started: string;
  readonly machine: string;
  /** Of the lock file itself: a copy of the results folder has another, and nobody writes there. */
  readonly inode: string;
  readonly token: string;
  readonly beat: number;
}

/** Nothing where the text is not one, as between a file's creation and its first write. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return Number.isInteger(holder?.pid) && typeof holder?.token === "string" ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process that holds the lock runs; only for a holder of this machine. */
export function alive({ pid, started }: Holder): boolean {
  const now = processStart(pid);
  if (now !== undefined) return now === started;
  // No /proc, or the process is hidden there: then a recycled pid can not be told apart and counts as alive.
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** Field 22 of /proc/<pid>/stat; the name before it may hold spaces and brackets. A zombie is dead. Source: proc(5). */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "dead" : fields[19];
  } catch {
    return undefined;
  }
}

/** Pids mean something within one boot of one machine and one pid namespace (a container has its own). */
export function ownProcess(machine?: string): Pick<Holder, "pid" | "started" | "machine"> {
  const scope = () => {
    try {
      return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8")} ${readlinkSync("/proc/self/ns/pid")}`;
    } catch {
      return hostname();
    }
  };
  return {
    pid: process.pid,
    started: processStart(process.pid) ?? "unknown",
    machine: machine ?? createHash("sha256").update(scope()).digest("hex").slice(0, 16),
  };
}
