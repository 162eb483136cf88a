import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { freeBytes, readEnvironment } from "./environment.ts";

async function machine(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(os.tmpdir(), "machine-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

test("a Linux container in a virtual machine is read as such", async () => {
  const root = await machine({
    "proc/cpuinfo":
      "processor\t: 0\nmodel name\t: x\nflags\t\t: fpu sse hypervisor avx2 fma avx512_vnni amx_int8\n\nprocessor\t: 1\n",
    "proc/meminfo": "MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    9000 kB\n",
    "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
    "sys/fs/cgroup/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/memory.max": "1073741824\n",
    ".dockerenv": "",
  });
  expect(readEnvironment(root)).toMatchObject({
    cpu: { flags: ["fma", "avx2", "avx512_vnni", "amx_int8"], governor: "powersave" },
    memory: { freeBytes: 9000 * 1024 },
    limits: { cores: 1.5, memoryBytes: 1073741824 },
    os: { name: "Debian GNU/Linux 12 (bookworm)" },
    virtual: ["virtual machine", "container"],
  });
});

test("GPUs are part of the machine, and a machine without one has no such field", () => {
  const gpu = { name: "NVIDIA A100-SXM4-40GB", memoryBytes: 40e9, driver: "550.54.15" };
  expect(readEnvironment("/", [gpu]).gpus).toEqual([gpu]);
  expect(readEnvironment("/", []).gpus).toBeUndefined();
});

test("ARM spells its flags as features", async () => {
  const root = await machine({ "proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd crc32 asimddp i8mm\n" });
  expect(readEnvironment(root).cpu.flags).toEqual(["asimd", "asimddp", "i8mm"]);
});

test("a machine that tells nothing leaves fields out", async () => {
  const root = await machine({ "sys/fs/cgroup/cpu.max": "max 100000\n", "sys/fs/cgroup/memory.max": "max\n" });
  const found = readEnvironment(root);
  expect(found.cpu.governor).toBeUndefined();
  expect(found.cpu.flags).toEqual([]);
  expect(found.os.name).toBeUndefined();
  expect(found.limits).toEqual({});
  expect(found.virtual).toEqual([]);
  expect(freeBytes(root)).toBeGreaterThan(0);
});

test("nothing in the record of a machine names the host, the user or a folder of theirs", () => {
  const text = JSON.stringify(readEnvironment());
  const { username, homedir } = os.userInfo();
  // A host called "linux" or a user called "node" would be found by chance.
  for (const secret of [os.hostname(), homedir, `/${username}/`]) {
    if (secret.length > 5) expect(text).not.toContain(secret);
  }
  expect(text).not.toContain(process.cwd());
});

test("this machine has a processor, cores and memory", () => {
  const found = readEnvironment();
  expect(found.cpu.model.length).toBeGreaterThan(0);
  expect(found.cpu.cores).toBeGreaterThanOrEqual(1);
  expect(found.memory.totalBytes).toBeGreaterThan(found.memory.freeBytes);
  expect(found.node).toBe(process.versions.node);
});
