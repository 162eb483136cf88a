import { type Root, readSystemFile, readSystemNumber, systemNames } from "./systemFile.ts";

/** Reads how much energy was used since the meter was opened. */
export interface EnergyMeter {
  /** Says what is counted and how. */
  readonly method: string;
  joules(): number;
  /** Returns how many different values the meter has shown: a figure of few is one of its steps. */
  updates(): number;
  close(): void;
}

const folder = "sys/class/powercap";

/** A zone counts the energy of a part of the machine, in 10^-6 J, and begins anew at its range. */
interface Zone {
  readonly file: string;
  readonly name: string;
  readonly range: number;
}

/**
 * Opens the counters of all processor packages and their memory. Returns the reason where there are none, or where they may not
 * be read. They are summed: a package holds its cores and caches, and its memory is beside it.
 * Source: Documentation/power/powercap/powercap.rst of Linux; AMD's processors have the same files.
 */
export function raplMeter(root: Root = "/"): EnergyMeter | string {
  const zones = zonesOf(root);
  if (zones.length === 0) return "the system has no RAPL counters (/sys/class/powercap), as most virtual machines";
  const counters = zones.map((zone) => ({ zone, last: readSystemNumber(root, zone.file), used: 0 }));
  if (counters.some(({ last }) => last === undefined))
    return "RAPL's counters may be read by root alone; `chmod a+r /sys/class/powercap/*/energy_uj` as root changes that until the next start";
  let updates = 0;
  return {
    method: `RAPL, ${zones.map(({ name }) => name).join(" + ")}`,
    joules() {
      let changed = false;
      for (const counter of counters) {
        const now = readSystemNumber(root, counter.zone.file) ?? counter.last!;
        const step = now - counter.last!;
        changed ||= step !== 0;
        counter.used += step < 0 ? step + counter.zone.range : step;
        counter.last = now;
      }
      if (changed) updates++;
      return counters.reduce((sum, { used }) => sum + used, 0) / 1e6;
    },
    updates: () => updates,
    close: () => undefined,
  };
}

/** Returns the packages, and of each its memory; cores are a part of their package, and `psys` holds all of these again. */
function zonesOf(root: Root): readonly Zone[] {
  return systemNames(root, folder).flatMap((zone): Zone[] => {
    const name = readSystemFile(root, `${folder}/${zone}/name`) ?? "";
    const isPackage = /^intel-rapl:\d+$/.test(zone) && name.startsWith("package");
    const isMemory = /^intel-rapl:\d+:\d+$/.test(zone) && name === "dram";
    const range = readSystemNumber(root, `${folder}/${zone}/max_energy_range_uj`);
    return (isPackage || isMemory) && range !== undefined ? [{ file: `${folder}/${zone}/energy_uj`, name, range }] : [];
  });
}
