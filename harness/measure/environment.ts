import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { type Gpu, readGpus } from "./gpu.ts";

/** Record of the machine that figures were measured on. It holds no host name, user or path, because results are shown around. */
export interface Environment {
  readonly cpu: {
    readonly model: string;
    /** Logical cores that this process may use. */
    readonly cores: number;
    /** Instruction sets of the processor that matrix products use. */
    readonly flags: readonly string[];
    readonly governor?: string;
  };
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  /** Limits of the container, where this process runs in one. */
  readonly limits: { readonly cores?: number; readonly memoryBytes?: number };
  readonly os: { readonly platform: string; readonly arch: string; readonly kernel: string; readonly name?: string };
  readonly node: string;
  /** Signs that the machine is shared or simulated: "virtual machine", "container". */
  readonly virtual: readonly string[];
  /** NVIDIA GPUs; absent where there is none. */
  readonly gpus?: readonly Gpu[];
  /** Load averages over 1, 5 and 15 minutes; Windows has none. */
  readonly load?: readonly number[];
}

/** Names of instruction sets on x86 and ARM as /proc/cpuinfo spells them. */
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

/** Reads the machine from /proc, /sys and /etc below `root`. */
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

/** Returns the bytes that can be had without swapping: on Linux with caches, elsewhere what the system calls free. */
export function freeBytes(root = "/"): number {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(read(root, "proc/meminfo") ?? "")?.[1];
  return available === undefined ? os.freemem() : Number(available) * 1024;
}

/** Reads the limits of cgroup v2 as a container sees its own. Source: Documentation/admin-guide/cgroup-v2.rst of Linux. */
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

/** Returns the file's text without blanks at its ends, or nothing where there is no such file or it may not be read. */
function read(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8").trim();
  } catch {
    return undefined;
  }
}
