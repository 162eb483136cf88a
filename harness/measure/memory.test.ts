import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peakDuring, processMemory } from "./memory.ts";

async function fakeProc(status: string): Promise<string> {
  const proc = await mkdtemp(join(tmpdir(), "proc-"));
  await writeFile(join(proc, "status"), status);
  return proc;
}

const status = "Name:\tnode\nVmPeak:\t 9000 kB\nVmHWM:\t    1680 kB\nVmRSS:\t     820 kB\n";

test("resident and peak memory are the kernel's, in bytes", async () => {
  const memory = processMemory({ proc: await fakeProc(status) });
  expect(memory.peakBytes()).toBe(1680 * 1024);
  expect(memory.residentBytes()).toBe(820 * 1024);
});

test("resetting writes 5 to clear_refs", async () => {
  const proc = await fakeProc(status);
  expect(processMemory({ proc }).resetPeak()).toBe(true);
  expect(await readFile(join(proc, "clear_refs"), "utf8")).toBe("5");
});

test("where the kernel does not tell, the peak is getrusage's and the figure says that it can not be reset", async () => {
  for (const proc of [join(tmpdir(), "no-such-proc"), await fakeProc("Name:\tnode\n")]) {
    const memory = processMemory({ proc, resourceUsage: () => ({ maxRSS: 100 }), residentBytes: () => 70_000 });
    expect(memory.resetPeak()).toBe(false);
    expect(memory.residentBytes()).toBe(70_000);
    expect(await peakDuring(() => "loaded", memory)).toEqual({
      value: "loaded",
      peakBytes: 102_400,
      caveat: expect.stringContaining("cannot be reset on this platform"),
    });
  }
});

test("a stage starts from a fresh peak and reads its own", async () => {
  let now = 100;
  let peak = 900;
  const memory = {
    residentBytes: () => now,
    peakBytes: () => peak,
    resetPeak: () => {
      peak = now;
      return true;
    },
  };
  const encode = async () => {
    [now, peak] = [300, 500];
  };
  expect(await peakDuring(encode, memory)).toEqual({ value: undefined, peakBytes: 500 });
  expect((await peakDuring(() => 1, memory)).peakBytes).toBe(300);
});

test.skipIf(!existsSync("/proc/self/clear_refs"))(
  "on Linux the peak falls back once memory is given back",
  async () => {
    const memory = processMemory();
    const large = 192 * 2 ** 20;
    const { peakBytes, caveat } = await peakDuring(() => touch(large), memory);
    const before = memory.residentBytes();
    expect(caveat).toBeUndefined();
    expect(peakBytes).toBeGreaterThan(large);
    expect(memory.resetPeak()).toBe(true);
    expect(memory.peakBytes()).toBeLessThan(before + large / 2);
  },
);

/** Writes to memory page by page, so that it is resident, and gives it back. */
function touch(bytes: number): void {
  const block = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i += 4096) block[i] = 1;
}
