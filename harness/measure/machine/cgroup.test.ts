import { expect, test } from "vitest";
import { freeBytes, readEnvironment } from "../environment.ts";
import { groupLimits, usableCores } from "./cgroup.ts";
import { drawnRoot } from "./fixtures/drawnRoot.ts";

const mebi = 2 ** 20;

test("a container of version 2 sees its limits at the mount's root, and its dropped file cache is free memory", () => {
  const root = drawnRoot({
    "proc/self/cgroup": "0::/",
    "sys/fs/cgroup/cpu.max": "250000 100000",
    "sys/fs/cgroup/memory.max": String(512 * mebi),
    "sys/fs/cgroup/memory.current": String(400 * mebi),
    "sys/fs/cgroup/memory.stat": `anon 1\nfile 2\ninactive_file ${100 * mebi}\nactive_file 3`,
  });
  expect(groupLimits(root)).toEqual({ cores: 2.5, memoryBytes: 512 * mebi, freeBytes: 212 * mebi });
  expect(readEnvironment(root, []).limits).toEqual({ cores: 2.5, memoryBytes: 512 * mebi });
});

test("of the groups above a service the least limit counts", () => {
  const root = drawnRoot({
    "proc/self/cgroup": "0::/user.slice/bench.service",
    "sys/fs/cgroup/user.slice/cpu.max": "100000 100000",
    "sys/fs/cgroup/user.slice/bench.service/cpu.max": "300000 100000",
    "sys/fs/cgroup/user.slice/memory.max": "max",
    "sys/fs/cgroup/user.slice/bench.service/memory.max": String(64 * mebi),
  });
  expect(groupLimits(root)).toEqual({ cores: 1, memoryBytes: 64 * mebi, freeBytes: undefined });
});

test("version 1 has a folder for each controller, -1 for no quota, and a number beyond all for no limit", () => {
  const root = drawnRoot({
    "proc/self/cgroup": "4:memory:/docker/4b9e\n1:cpu,cpuacct:/docker/4b9e\n0::/",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    "sys/fs/cgroup/cpu/docker/4b9e/cpu.cfs_quota_us": "150000",
    "sys/fs/cgroup/cpu/docker/4b9e/cpu.cfs_period_us": "100000",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": String(900 * mebi),
    "sys/fs/cgroup/memory/docker/4b9e/memory.limit_in_bytes": String(300 * mebi),
    "sys/fs/cgroup/memory/docker/4b9e/memory.usage_in_bytes": String(250 * mebi),
    "sys/fs/cgroup/memory/docker/4b9e/memory.stat": `inactive_file 1\ntotal_inactive_file ${50 * mebi}`,
  });
  expect(groupLimits(root)).toEqual({ cores: 1.5, memoryBytes: 300 * mebi, freeBytes: 100 * mebi });
});

test("threads are no more than the quota holds whole, and at least one", () => {
  const quota = (text: string) => drawnRoot({ "sys/fs/cgroup/cpu.max": text });
  expect(usableCores(quota("250000 100000"), 8)).toBe(2);
  expect(usableCores(quota("50000 100000"), 8)).toBe(1);
  expect(usableCores(quota("1600000 100000"), 8)).toBe(8);
  expect(usableCores(quota("max 100000"), 8)).toBe(8);
});

test("free memory is what the machine has and the group still allows, whichever is less", () => {
  const meminfo = (mebibytes: number) => ({ "proc/meminfo": `MemAvailable:   ${mebibytes * 1024} kB` });
  const group = { "sys/fs/cgroup/memory.max": String(512 * mebi), "sys/fs/cgroup/memory.current": String(412 * mebi) };
  expect(freeBytes(drawnRoot({ ...meminfo(4000), ...group }))).toBe(100 * mebi);
  expect(freeBytes(drawnRoot({ ...meminfo(40), ...group }))).toBe(40 * mebi);
  expect(freeBytes(drawnRoot(meminfo(4000)))).toBe(4000 * mebi);
});
