import { median, quantile } from "../../stats/summary.ts";
import type { Warning } from "../drift.ts";
import { type Root, readSystemFile, readSystemNumber, systemNames } from "./systemFile.ts";

interface Computing {
  /** Folder that stands for `/`. */
  readonly root?: Root;
  /** Logical processors that compute; all if left out. */
  readonly cpus?: readonly number[] | undefined;
  readonly threads: number;
}

/**
 * Returns the clock of the processors that compute, in MHz: the mean of as many as there are threads, the fastest first, because
 * one that idles is slow by design. Absent where the system does not tell. Source: scaling_cur_freq of Linux's cpufreq, which
 * counts kHz; without cpufreq, as in most virtual machines, /proc/cpuinfo of x86.
 */
export function clockMhz({ root = "/", cpus, threads }: Computing): number | undefined {
  const known = new Map([...cpuinfoClocks(root), ...scalingClocks(root)]);
  const own = [...known].flatMap(([cpu, mhz]) => (cpus === undefined || cpus.includes(cpu) ? [mhz] : []));
  const busy = own.sort((a, b) => b - a).slice(0, threads);
  return busy.length === 0 ? undefined : busy.reduce((sum, mhz) => sum + mhz, 0) / busy.length;
}

function scalingClocks(root: Root): readonly (readonly [cpu: number, mhz: number])[] {
  const folder = "sys/devices/system/cpu";
  return systemNames(root, folder).flatMap((name) => {
    const cpu = /^cpu(\d+)$/.exec(name)?.[1];
    const kilohertz =
      cpu === undefined ? undefined : readSystemNumber(root, `${folder}/${name}/cpufreq/scaling_cur_freq`);
    return kilohertz === undefined ? [] : [[Number(cpu), kilohertz / 1000] as const];
  });
}

function cpuinfoClocks(root: Root): readonly (readonly [cpu: number, mhz: number])[] {
  return (readSystemFile(root, "proc/cpuinfo") ?? "").split("\n\n").flatMap((text) => {
    const cpu = /^processor\s*: (\d+)$/m.exec(text)?.[1];
    const mhz = /^cpu MHz\s*: ([\d.]+)$/m.exec(text)?.[1];
    return cpu === undefined || mhz === undefined ? [] : [[Number(cpu), Number(mhz)] as const];
  });
}

const limits = {
  /** The clock may move by this share: latencies move by as much, which is what a drift is judged by. */
  moved: 0.1,
  /** Below this many rounds nothing is told of how it moved. */
  rounds: 9,
};

/** The range in which the middle four fifths of the rounds were clocked, MHz. */
export interface ClockRange {
  readonly low: number;
  readonly high: number;
}

/** Returns the range of the clock over the rounds; nothing where it did not move, or too few rounds tell. */
export function clockMoved(clocks: readonly number[]): ClockRange | undefined {
  if (clocks.length < limits.rounds) return undefined;
  const low = quantile(clocks, 0.1);
  const high = quantile(clocks, 0.9);
  return high - low > limits.moved * median(clocks) ? { low, high } : undefined;
}

/** Warns of a clock that moved while latencies were measured, and says what holds it. */
export function clockWarnings(clocks: readonly number[], governor: string | undefined): Warning[] {
  const range = clockMoved(clocks);
  if (range === undefined) return [];
  const advice =
    governor === undefined || governor === "performance"
      ? "Let the machine cool, or lower its highest clock until it holds"
      : `Set the governor to performance (now ${governor})`;
  const text = `the processor's clock moved between ${clockText(range)} while latencies were measured. ${advice}, and run again with --phase latency.`;
  return [{ about: "latency", text, ask: "clock" }];
}

/** Writes a range of the clock: `2.10 and 3.40 GHz`. */
export function clockText({ low, high }: ClockRange): string {
  const gigahertz = (mhz: number) => (mhz / 1000).toFixed(2);
  return `${gigahertz(low)} and ${gigahertz(high)} GHz`;
}
