import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { otherWork } from "./otherWork.ts";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  /** Ticks of children that have ended. */
  readonly ended?: number;
}

/** A machine whose clock and processes a test sets. */
function machine(cores: number) {
  const proc = mkdtempSync(join(tmpdir(), "proc-"));
  let nowMs = 0;
  const set = (atMs: number, busyTicks: number, processes: readonly Process[]) => {
    nowMs = atMs;
    rmSync(proc, { recursive: true });
    mkdirSync(proc);
    const each = Array.from({ length: cores }, (_, i) => `cpu${i} 0 0 0 0 0 0 0 0 0 0`);
    // Idle and waiting time, the fourth and fifth field, is nobody's work; steal, the eighth, is.
    writeFileSync(join(proc, "stat"), [`cpu  ${busyTicks - 7} 1 2 99999 8888 0 3 1 0 0`, ...each, "intr 0"].join("\n"));
    for (const { pid, parent, ticks, ended = 0 } of processes) {
      mkdirSync(join(proc, String(pid)));
      const times = `${ticks - 1} 1 ${ended} 0`;
      writeFileSync(join(proc, String(pid), "stat"), `${pid} (a (b) c) S ${parent} 0 0 0 0 0 0 0 0 0 ${times} 20 0`);
    }
  };
  return { proc, set, clock: { nowMs: () => nowMs } };
}

test("work of others is what the machine did less what this process and its descendants did, ended ones among them", () => {
  const { proc, set, clock } = machine(2);
  set(0, 1000, [
    { pid: 5, parent: 1, ticks: 100 },
    { pid: 6, parent: 5, ticks: 50 },
    { pid: 7, parent: 6, ticks: 50 },
    { pid: 9, parent: 1, ticks: 700 },
  ]);
  const others = otherWork({ proc, pid: 5, cores: 2, clock });
  set(1000, 1200, [
    { pid: 5, parent: 1, ticks: 110 },
    { pid: 6, parent: 5, ticks: 100, ended: 90 },
    { pid: 9, parent: 1, ticks: 750 },
  ]);
  expect(others.coresSinceLast()).toBeCloseTo(1, 9);
  set(3000, 1200, [{ pid: 5, parent: 1, ticks: 110, ended: 190 }]);
  expect(others.coresSinceLast()).toBe(0);
});

test("cores that this process may not use are others' first", () => {
  const { proc, set, clock } = machine(8);
  const own = [{ pid: 5, parent: 1, ticks: 100 }];
  set(0, 1000, own);
  const others = otherWork({ proc, pid: 5, cores: 2, clock });
  set(1000, 1600, own);
  expect(others.coresSinceLast()).toBe(0);
  set(2000, 2350, own);
  expect(others.coresSinceLast()).toBeCloseTo(1.5, 9);
});

test("nothing is told where the platform does not tell, and of a time too short to count ticks", () => {
  expect(otherWork({ proc: join(tmpdir(), "no-proc-here") }).coresSinceLast()).toBeUndefined();
  const { proc, set, clock } = machine(1);
  set(0, 1000, [{ pid: 5, parent: 1, ticks: 100 }]);
  const others = otherWork({ proc, pid: 5, cores: 1, clock });
  set(150, 1010, [{ pid: 5, parent: 1, ticks: 100 }]);
  expect(others.coresSinceLast()).toBeUndefined();
  set(500, 1050, [{ pid: 5, parent: 1, ticks: 100 }]);
  expect(others.coresSinceLast()).toBeCloseTo(1, 9);
});
