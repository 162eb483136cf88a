import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { sha256 } from "../canonical.ts";
import { acquireLock } from "./lock.ts";

const newLock = async () => join(await mkdtemp(join(tmpdir(), "lock-")), "lock");

test("a second taker is refused by pid, and let in after the first has gone", async () => {
  const path = await newLock();
  const lock = await acquireLock(path);
  await expect(acquireLock(path)).rejects.toMatchObject({
    message: `${path}: another process is writing this run (found pid ${process.pid})`,
    hint: expect.stringContaining("--results"),
  });
  await lock.release();
  expect(await readdir(dirname(path))).toEqual([]);
  await (await acquireLock(path)).release();
});

test("of several takers at once one wins", async () => {
  const path = await newLock();
  const taken = await Promise.allSettled(Array.from({ length: 10 }, () => acquireLock(path)));
  const winners = taken.filter((result) => result.status === "fulfilled");
  expect(winners).toHaveLength(1);
  await winners[0]!.value.assertHeld();
  await winners[0]!.value.release();
});

test("the lock of a dead process is taken over, by one of several takers", async () => {
  const path = await newLock();
  await forge(path, { pid: await deadPid() });
  const taken = await Promise.allSettled(Array.from({ length: 10 }, () => acquireLock(path)));
  const winners = taken.filter((result) => result.status === "fulfilled");
  expect(winners).toHaveLength(1);
  await winners[0]!.value.assertHeld();
  await winners[0]!.value.release();
  expect(await readdir(dirname(path))).toEqual([]);
});

test("a living process is not mistaken for a dead one", async () => {
  const path = await newLock();
  const child = spawn("sleep", ["30"]);
  try {
    await forge(path, { pid: child.pid!, started: await startOf(child) });
    await expect(acquireLock(path)).rejects.toThrow(`found pid ${child.pid}`);
  } finally {
    child.kill("SIGKILL");
  }
  await once(child, "exit");
  await (await acquireLock(path)).release();
});

// As after a wall clock that jumped back: the claim of a taker that died looks as if it were made in the future.
test("a dead taker's claim ends by watching it, whatever its file's time says", async () => {
  const path = await newLock();
  await forge(path, { pid: await deadPid() });
  const claim = `${path}.${sha256(await readFile(path, "utf8")).slice(0, 12)}.claim`;
  await writeFile(claim, "");
  await utimes(claim, new Date("2100-01-01"), new Date("2100-01-01"));
  const lock = await acquireLock(path, { claimMs: 100 });
  await lock.assertHeld();
  await lock.release();
  expect(await readdir(dirname(path))).toEqual([]);
});

test("a date that is set back or forward takes no lock from its holder, and keeps none for a dead one", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-05-02T12:00:00.000Z") });
  try {
    for (const date of ["2025-05-02T12:00:00.000Z", "2030-05-02T12:00:00.000Z"]) {
      const held = await newLock();
      const left = await newLock();
      const lock = await acquireLock(held);
      await forge(left, { pid: await deadPid() });
      vi.setSystemTime(new Date(date));
      await expect(acquireLock(held)).rejects.toThrow("another process is writing this run");
      await lock.assertHeld();
      await lock.release();
      await (await acquireLock(left)).release();
    }
  } finally {
    vi.useRealTimers();
  }
});

// Without /proc a recycled pid can not be told apart.
test.skipIf(process.platform !== "linux")(
  "a living process that only has the dead one's pid does not hold the lock",
  async () => {
    const path = await newLock();
    await forge(path, { started: "12345" });
    await (await acquireLock(path)).release();
  },
);

test("the lock in a copy of a results folder is nobody's", async () => {
  const path = await newLock();
  const lock = await acquireLock(path);
  const copy = await newLock();
  await copyFile(path, copy);
  await (await acquireLock(copy)).release();
  await lock.assertHeld();
  await lock.release();
});

test("a holder on another machine that beats is left in peace", async () => {
  const path = await newLock();
  const lock = await acquireLock(path, { machine: "elsewhere", beatMs: 20 });
  await expect(acquireLock(path, { watchMs: 5000 })).rejects.toThrow("on another machine");
  await lock.assertHeld();
  await lock.release();
});

test("a holder on another machine that does not beat is taken over, finds out, and leaves the new lock alone", async () => {
  const path = await newLock();
  const notices: string[] = [];
  const asleep = await acquireLock(path, { machine: "elsewhere", beatMs: 1e6 });
  const next = await acquireLock(path, { watchMs: 500, notice: (text) => notices.push(text) });
  expect(notices).toEqual([expect.stringContaining("held from another machine")]);
  await expect(asleep.assertHeld()).rejects.toThrow("another process has taken over this run");
  await asleep.release();
  await next.assertHeld();
  await next.release();
});

test("an empty lock file, left between its creation and its first write, is taken over", async () => {
  const path = await newLock();
  await writeFile(path, "");
  await (await acquireLock(path, { watchMs: 300 })).release();
});

test("a lock that is let go while another taker watches is taken at once", async () => {
  const path = await newLock();
  const lock = await acquireLock(path, { machine: "elsewhere", beatMs: 1e6 });
  const next = acquireLock(path, { watchMs: 60_000 });
  await delay(50);
  await lock.release();
  await (await next).release();
});

test("no host name is stored", async () => {
  const path = await newLock();
  const lock = await acquireLock(path);
  const holder = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  expect(Object.keys(holder).sort()).toEqual(["beat", "inode", "machine", "pid", "started", "token"]);
  expect(holder.machine).toMatch(/^[0-9a-f]{16}$/);
  await lock.release();
});

/** A lock file as this process would have written it, but for `changes`. */
async function forge(path: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const lock = await acquireLock(path);
  const own = JSON.parse(await readFile(path, "utf8")) as object;
  await lock.release();
  await writeFile(path, "");
  const inode = String((await stat(path, { bigint: true })).ino);
  await writeFile(path, JSON.stringify({ ...own, inode, token: "another", ...changes }));
}

async function deadPid(): Promise<number> {
  const child = spawn("true");
  await once(child, "exit");
  return child.pid!;
}

/** Returns the text that the holder itself writes: field 22 of its stat, counted from the end of its name. */
async function startOf(child: ChildProcess): Promise<string> {
  const stat = await readFile(`/proc/${child.pid}/stat`, "utf8").catch(() => "");
  return stat === "" ? "unknown" : stat.split(") ").at(-1)!.split(" ")[19]!;
}
