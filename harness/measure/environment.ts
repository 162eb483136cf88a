import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { type Gpu, readGpus } from "./gpu.ts";

/** The machine as far as it bears on figures. No host name, no user, no path: it is shown around with the results. */
export interface Environment {
  readonly cpu: {
    readonly model: string;
    /** Logical cores that this process may use. */
    readonly cores: number;
    /** Those instruction sets that matrix products use. */
    readonly flags: readonly string[];
    readonly governor?: string;
  };
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  /** What a container leaves of the machine. */
  readonly limits: { readonly cores?: number; readonly memoryBytes?: number };
  readonly os: { readonly platform: string; readonly arch: string; readonly kernel: string; readonly name?: string };
  readonly node: string;
  /** Signs that the machine is shared or simulated: "virtual machine", "container". */
  readonly virtual: readonly string[];
  /** NVIDIA's; left out where there is none. */
  readonly gpus?: readonly Gpu[];
  /** Averages over 1, 5 and 15 minutes; Windows has none. */
  readonly load?: readonly number[];
}

/** x86 and ARM names as /proc/cpuinfo spells them. */
const relevantFlags = [
  ...[
    "fma",
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
  ],
  ...["asimd", "asimddp", "i8mm", "bf16", "sve", "sve2", "sme"],
];

/** `root` is where /proc, /sys and /etc are looked for. */
export function readEnvironment(root = "/", gpus: readonly Gpu[] = readGpus()): Environment {
  const cpuinfo = read(root, "proc/cpuinfo") ?? "";
  const flags = new Set((/^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? "").split(/\s+/));
  const governor = read(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  const name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(read(root, "etc/os-release") ?? "")?.[1];
  return {
    cpu: {
      model: os.cpus()[0]?.model.trim() || "unknown",
      cores: os.availableParallelism(),
      flags: relevantFlags.filter((flag) => flags.has(flag)),
      governor,
    },
    memory: { totalBytes: os.totalmem(), freeBytes: freeBytes(root) },
    limits: limits(root),
    os: { platform: os.platform(), arch: os.arch(), kernel: os.release(), name },
    node: process.versions.node,
    virtual: virtualisation(root, flags),
    gpus: gpus.length === 0 ? undefined : gpus,
    load: os.platform() === "win32" ? undefined : os.loadavg(),
  };
}

/** What can be had without swapping, caches included, on Linux; elsewhere what the system calls free. */
export function freeBytes(root = "/"): number {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(read(root, "proc/meminfo") ?? "")?.[1];
  return available === undefined ? os.freemem() : Number(available) * 1024;
}

/** Of cgroup v2, as a container sees its own. Source: Documentation/admin-guide/cgroup-v2.rst of Linux. */
function limits(root: string): Environment["limits"] {
  const [quota, period] = (read(root, "sys/fs/cgroup/cpu.max") ?? "max").split(" ").map(Number);
  const memory = Number(read(root, "sys/fs/cgroup/memory.max") ?? "max");
  const cores = (quota ?? Number.NaN) / (period ?? Number.NaN);
  return {
    cores: Number.isFinite(cores) ? cores : undefined,
    memoryBytes: Number.isFinite(memory) ? memory : undefined,
  };
}

function virtualisation(root: string, flags: ReadonlySet<string>): string[] {
  const container = [".dockerenv", "run/.containerenv"].some((file) => read(root, file) !== undefined);
  return [...(flags.has("hypervisor") ? ["virtual machine"] : []), ...(container ? ["container"] : [])];
}

/** The file's text without blanks at its ends; nothing where it is not, or may not be read. */
function read(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8").trim();
  } catch {
    return undefined;
  }
}
