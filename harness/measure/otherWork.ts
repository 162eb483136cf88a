import { readdirSync, readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "./clock.ts";

/** Tells how busy the rest of the machine is: a load average counts this program's own work as well. */
export interface OtherWork {
  /**
   * Returns how many cores other programs kept busy since the last call, or since the beginning; nothing where the platform
   * does not tell. Cores that this process may not use count for them first.
   */
  coresSinceLast(): number | undefined;
}

interface OtherWorkSources {
  /** Folder that stands for /proc. */
  readonly proc?: string;
  readonly pid?: number;
  /** Cores that this process may use. */
  readonly cores?: number;
  readonly clock?: Clock;
}

/** Ticks in a second of the times in /proc: USER_HZ, which Linux fixes for all programs. Source: time(7), proc_stat(5). */
const ticksPerSecond = 100;

/** Below this many milliseconds a tick more or less decides the figure. */
const leastMs = 200;

interface Reading {
  readonly atMs: number;
  readonly machineTicks: number;
  readonly ownTicks: number;
  readonly machineCores: number;
}

/** Watches the machine from now on. Linux alone tells what a tree of processes used; elsewhere every answer is nothing. */
export function otherWork({
  proc = "/proc",
  pid = process.pid,
  cores = os.availableParallelism(),
  clock = systemClock,
}: OtherWorkSources = {}): OtherWork {
  let last = reading(proc, pid, clock);
  return {
    coresSinceLast() {
      const next = reading(proc, pid, clock);
      const before = last;
      if (before === undefined || next === undefined || next.atMs - before.atMs < leastMs) return undefined;
      last = next;
      const seconds = (next.atMs - before.atMs) / 1000;
      const ticks = next.machineTicks - before.machineTicks - (next.ownTicks - before.ownTicks);
      const elsewhere = Math.max(0, next.machineCores - cores);
      return Math.max(0, ticks / ticksPerSecond / seconds - elsewhere);
    },
  };
}

function reading(proc: string, pid: number, clock: Clock): Reading | undefined {
  const stat = read(join(proc, "stat"));
  const ownTicks = treeTicks(proc, pid);
  if (stat === undefined || ownTicks === undefined) return undefined;
  // user, nice, system, idle, iowait, irq, softirq, steal: what a neighbour of a virtual machine takes is other work too.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = /^cpu +(.*)$/m
    .exec(stat)![1]!
    .split(" ")
    .map(Number);
  return {
    atMs: clock.nowMs(),
    machineTicks: user + nice + system + irq + softirq + steal,
    ownTicks,
    machineCores: stat.match(/^cpu\d+ /gm)?.length ?? 1,
  };
}

/** Returns the ticks of a process, of all that descend from it, and of those among them that have ended. */
function treeTicks(proc: string, root: number): number | undefined {
  const ticks = new Map<number, number>();
  const children = new Map<number, number[]>();
  for (const name of entries(proc)) {
    const found = /^\d+$/.test(name) ? read(join(proc, name, "stat")) : undefined;
    if (found === undefined) continue;
    // The program's name may hold blanks and parentheses, so fields are counted behind its last parenthesis.
    const fields = found.slice(found.lastIndexOf(")") + 2).split(" ");
    const parent = Number(fields[1]);
    const own = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    ticks.set(Number(name), own);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  if (!ticks.has(root)) return undefined;
  const sumOf = (pid: number): number =>
    (children.get(pid) ?? []).reduce((sum, child) => sum + sumOf(child), ticks.get(pid) ?? 0);
  return sumOf(root);
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Returns the text of a file, or nothing where it is not there: a process may end while it is read. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
