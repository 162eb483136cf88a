import { mkdtemp, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sha256 } from "../canonical.ts";
import { cachedResult, sha256OfFile } from "./fileCache.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "file-cache-"));
  vi.stubEnv("SAM_BENCH_HOME", join(folder, "home"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 150));

/** Returns how often a file is read for four questions, with a change between the second and the third. */
async function readings(change: (file: string) => Promise<void>): Promise<number> {
  const file = join(folder, "graph.onnx");
  await writeFile(file, "weights");
  let read = 0;
  const ask = () =>
    cachedResult("length", [file], async () => {
      read += 1;
      return String((await readFile(file)).length);
    });
  for (const changes of [false, false, true, false]) {
    await settled();
    if (changes) await change(file);
    if (changes) await settled();
    expect(await ask()).toBe("7");
  }
  return read;
}

test("what was found is asked of the file once, as long as nothing about it changes", async () => {
  expect(await readings(async () => undefined)).toBe(1);
});

test("a file that was written, replaced, or given back its old time is read again", async () => {
  expect(await readings((file) => writeFile(file, "weighty"))).toBe(2);
  const replaced = async (file: string) => {
    await writeFile(`${file}.new`, "weights");
    await rename(`${file}.new`, file);
  };
  expect(await readings(replaced)).toBe(2);
  expect(await readings((file) => utimes(file, new Date("2024-05-01"), new Date("2024-05-01")))).toBe(2);
});

test("a file that has just changed is not cached: its next change may leave the same time", async () => {
  const file = join(folder, "graph.onnx");
  await writeFile(file, "one");
  expect(await sha256OfFile(file)).toBe(sha256("one"));
  await writeFile(file, "two");
  expect(await sha256OfFile(file)).toBe(sha256("two"));
});

test("a file that had just changed is not cached, however long it takes to read it", async () => {
  const file = join(folder, "graph.onnx");
  await writeFile(file, "weights");
  let read = 0;
  const ask = () =>
    cachedResult("length", [file], async () => {
      read += 1;
      await settled();
      return "7";
    });
  await ask();
  await ask();
  expect(read).toBe(2);
});

test("a cache that can not be written costs another reading, and nothing else", async () => {
  await writeFile(join(folder, "home"), "a file where the folder should be");
  expect(await readings(async () => undefined)).toBe(4);
});

/** Returns how often an unchanged file is read for four questions, where the date is so far from that of its last change. */
async function readingsAt(offMs: number): Promise<number> {
  const file = join(folder, "graph.onnx");
  await writeFile(file, "weights");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + offMs });
  try {
    let read = 0;
    const ask = () =>
      cachedResult("length", [file], async () => {
        read += 1;
        return "7";
      });
    for (let times = 0; times < 4; times++) await ask();
    return read;
  } finally {
    vi.useRealTimers();
  }
}

test("where the date is set back behind a file's last change the file is read each time, until the date has passed it", async () => {
  expect(await readingsAt(-3_600_000)).toBe(4);
  expect(await readingsAt(3_600_000)).toBe(1);
});

test("a file that changes after the date was set back or forward is read again", async () => {
  const file = join(folder, "graph.onnx");
  await writeFile(file, "one");
  for (const [offMs, text] of [
    [-3_600_000, "two"],
    [3_600_000, "six"],
  ] as const) {
    await settled();
    await sha256OfFile(file);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + offMs });
    try {
      await writeFile(file, text);
      expect(await sha256OfFile(file)).toBe(sha256(text));
    } finally {
      vi.useRealTimers();
    }
  }
});
