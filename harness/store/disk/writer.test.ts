import { copyFileSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock } from "./lock.ts";
import { hasWriter } from "./writer.ts";

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "writer-"));
  lock = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("whoever holds the lock writes, until it is released", async () => {
  expect(await hasWriter(lock)).toBe(false);
  const held = await acquireLock(lock);
  expect(await hasWriter(lock)).toBe(true);
  await held.release();
  expect(await hasWriter(lock)).toBe(false);
});

test("a copy of the lock is nobody's", async () => {
  const held = await acquireLock(lock);
  copyFileSync(lock, join(folder, "copy"));
  expect(await hasWriter(join(folder, "copy"))).toBe(false);
  await held.release();
});

test("a writer of another machine lives while it beats, by any pid, and also where its clock is ahead", async () => {
  const held = await acquireLock(lock, { machine: "elsewhere" });
  const beat = Date.now();
  utimesSync(lock, beat / 1000, beat / 1000);
  const after = (ms: number) => hasWriter(lock, { nowMs: () => beat + ms });
  expect([await after(0), await after(100_000), await after(-3_600_000)]).toEqual([true, true, true]);
  expect(await after(121_000)).toBe(false);
  // On the machine that it names, the process is asked for: this one lives, whatever the clock says.
  expect(await hasWriter(lock, { machine: "elsewhere", nowMs: () => beat + 121_000 })).toBe(true);
  await held.release();
});

test("a dead process of this machine writes no more, however fresh its file is", async () => {
  // The inode of a file is not known before it is made.
  writeFileSync(lock, "");
  const { ino } = statSync(lock, { bigint: true });
  const holder = { pid: 2 ** 22 + 1, token: "x", beat: 1e9, started: "1", machine: "here", inode: String(ino) };
  writeFileSync(lock, JSON.stringify(holder));
  expect(await hasWriter(lock, { machine: "here" })).toBe(false);
  expect(await hasWriter(lock, { machine: "there" })).toBe(true);
});

test("a lock between its creation and its first beat is somebody's", async () => {
  writeFileSync(lock, "");
  expect(await hasWriter(lock)).toBe(true);
});
