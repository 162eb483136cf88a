import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errorCode } from "./disk.ts";

/**
 * A holder is what the lock file says. `machine` is a hash, so that no host name is stored; `beat` grows while the holder lives.
 */
export interface Holder {
  readonly pid: number;
  /** Clock ticks since boot at which the process started; another process that gets the same pid later has another number. */
  readonly started: string;
  readonly machine: string;
  /** Inode of the lock file itself. In a copy of the results folder the lock file has another, and nobody writes there. */
  readonly inode: string;
  readonly token: string;
  readonly beat: number;
}

/** Returns nothing where the text is no holder's, as between the file's creation and its first write. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return Number.isInteger(holder?.pid) && typeof holder?.token === "string" ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns whether the process that holds the lock runs. Holds only for a holder on this machine. */
export function alive({ pid, started }: Holder): boolean {
  const now = processStart(pid);
  if (now !== undefined) return now === started;
  // No /proc, or the process is hidden there: then a recycled pid can not be told apart and counts as alive.
  return processExists(pid);
}

/** Returns whether a process of this pid runs, also where it is another user's. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/**
 * Returns field 22 of /proc/<pid>/stat, or "dead" for a zombie. The name before it may hold spaces and brackets. Source:
 * proc(5).
 */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "dead" : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * Returns this process as a holder. A pid means something within one boot of one machine and one pid namespace (a container has
 * its own).
 */
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
