import os from "node:os";
import { type Root, readSystemFile, readSystemNumber } from "./systemFile.ts";

/** Says what a control group, such as a container or a service, allows its processes; a field without a limit is absent. */
export interface GroupLimits {
  /** Processor time, in cores; it may be a fraction. */
  readonly cores?: number | undefined;
  readonly memoryBytes?: number | undefined;
  /** Bytes below the limit of memory that nobody uses, file cache that the kernel can drop among them. */
  readonly freeBytes?: number | undefined;
}

/** Names of the files of a version, and what they hold. */
interface Version {
  /** Folders in which a controller's groups are mounted. */
  readonly mounts: { readonly cpu: readonly string[]; readonly memory: readonly string[] };
  /** Returns the cores that a group's folder allows. */
  coresOf(root: Root, folder: string): number | undefined;
  readonly limit: string;
  readonly used: string;
  /** The field of memory.stat that counts file cache which was not used lately. */
  readonly cache: string;
}

const unified: Version = {
  mounts: { cpu: ["sys/fs/cgroup"], memory: ["sys/fs/cgroup"] },
  coresOf(root, folder) {
    const [quota, period] = (readSystemFile(root, `${folder}/cpu.max`) ?? "max").split(" ").map(Number);
    return shareOf(quota, period);
  },
  limit: "memory.max",
  used: "memory.current",
  cache: "inactive_file",
};

const first: Version = {
  mounts: { cpu: ["sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"], memory: ["sys/fs/cgroup/memory"] },
  coresOf(root, folder) {
    const quota = readSystemNumber(root, `${folder}/cpu.cfs_quota_us`);
    return shareOf(quota, readSystemNumber(root, `${folder}/cpu.cfs_period_us`));
  },
  limit: "memory.limit_in_bytes",
  used: "memory.usage_in_bytes",
  cache: "total_inactive_file",
};

/**
 * Reads the limits of the group that this process is in and of all groups above it, of which the least counts. A container sees
 * its own group at the mount's root, and a path of the host in /proc/self/cgroup; both are looked at.
 * Source: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst of Linux.
 */
export function groupLimits(root: Root = "/"): GroupLimits {
  const found = [unified, first].map((version) => limitsOf(root, version));
  return {
    cores: least(found.map(({ cores }) => cores)),
    memoryBytes: least(found.map(({ memoryBytes }) => memoryBytes)),
    freeBytes: least(found.map(({ freeBytes }) => freeBytes)),
  };
}

/**
 * Returns how many threads can compute side by side: the cores that this process may use, and no more than its group's quota
 * holds whole. Node counts the affinity alone (libuv from 1.49 on counts the quota too, which Node 20 does not have).
 */
export function usableCores(root: Root = "/", cores: number = os.availableParallelism()): number {
  const quota = groupLimits(root).cores ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(cores, Math.floor(quota)));
}

function limitsOf(root: Root, version: Version): GroupLimits {
  const memory = foldersOf(root, version, "memory").map((folder) => memoryOf(root, folder, version));
  return {
    cores: least(foldersOf(root, version, "cpu").map((folder) => version.coresOf(root, folder))),
    memoryBytes: least(memory.map(({ memoryBytes }) => memoryBytes)),
    freeBytes: least(memory.map(({ freeBytes }) => freeBytes)),
  };
}

/** Returns the folder of the process's own group and those of all groups above it, up to the mount's root. */
function foldersOf(root: Root, version: Version, controller: "cpu" | "memory"): readonly string[] {
  const lines = (readSystemFile(root, "proc/self/cgroup") ?? "").split("\n").map((line) => line.split(":"));
  const [, , path = "/"] =
    lines.find(([, names = ""]) => (version === unified ? names === "" : names.split(",").includes(controller))) ?? [];
  const names = path.split("/").filter((name) => name !== "" && name !== "..");
  return version.mounts[controller].flatMap((mount) =>
    [...names, ""].map((_, i) => [mount, ...names.slice(0, names.length - i)].join("/")),
  );
}

function memoryOf(root: Root, folder: string, { limit, used, cache }: Version): GroupLimits {
  const memoryBytes = readSystemNumber(root, `${folder}/${limit}`);
  // The first version writes the largest number of pages where there is no limit.
  if (memoryBytes === undefined || memoryBytes > Number.MAX_SAFE_INTEGER) return {};
  const usedBytes = readSystemNumber(root, `${folder}/${used}`);
  if (usedBytes === undefined) return { memoryBytes };
  const stat = readSystemFile(root, `${folder}/memory.stat`) ?? "";
  const cached = Number(new RegExp(`^${cache} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  return { memoryBytes, freeBytes: Math.max(0, memoryBytes - Math.max(0, usedBytes - cached)) };
}

/** Returns the quota in cores; the first version writes -1 where there is none. */
function shareOf(quota: number | undefined, period: number | undefined): number | undefined {
  if (quota === undefined || period === undefined) return undefined;
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
