import os from "node:os";
import { type Gpu, readGpus } from "./gpu.ts";
import { groupLimits } from "./machine/cgroup.ts";
import { readSystemFile } from "./machine/systemFile.ts";

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
  const cpuinfo = readSystemFile(root, "proc/cpuinfo") ?? "";
  const flags = new Set((/^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? "").split(/\s+/));
  const governor = readSystemFile(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  const name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readSystemFile(root, "etc/os-release") ?? "")?.[1];
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

/**
 * Returns the bytes that can be had without swapping, on Linux with caches, elsewhere what the system calls free; no more than
 * the limit of a container leaves.
 */
export function freeBytes(root = "/"): number {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(readSystemFile(root, "proc/meminfo") ?? "")?.[1];
  const machine = available === undefined ? os.freemem() : Number(available) * 1024;
  return Math.min(machine, groupLimits(root).freeBytes ?? Number.POSITIVE_INFINITY);
}

/** Returns the group's limits that bind: one of more cores or memory than the machine has is none. */
function limits(root: string): Environment["limits"] {
  const { cores, memoryBytes } = groupLimits(root);
  return {
    cores,
    memoryBytes: memoryBytes !== undefined && memoryBytes < os.totalmem() ? memoryBytes : undefined,
  };
}

function virtualisation(root: string, flags: ReadonlySet<string>): string[] {
  const container = [".dockerenv", "run/.containerenv"].some((file) => readSystemFile(root, file) !== undefined);
  return [...(flags.has("hypervisor") ? ["virtual machine"] : []), ...(container ? ["container"] : [])];
}
