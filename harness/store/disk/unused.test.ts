import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeUnused, touch } from "./unused.ts";

test("half-written graphs of ended processes and graphs long out of use go, all others stay", () => {
  const cache = mkdtempSync(join(tmpdir(), "sam-bench-unused-"));
  try {
    const old = new Date(Date.now() - 40 * 86_400_000);
    // No process has the number 2^31 - 1; this one is alive.
    const names = ["new", "old", "old-but-touched", `a.partial-${2 ** 31 - 1}`, `b.partial-${process.pid}`];
    for (const name of names) mkdirSync(join(cache, name));
    for (const name of ["old", "old-but-touched"]) utimesSync(join(cache, name), old, old);
    touch(join(cache, "old-but-touched"));
    removeUnused(cache);
    expect(readdirSync(cache).sort()).toEqual([`b.partial-${process.pid}`, "new", "old-but-touched"]);
    removeUnused(join(cache, "not there"));
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});

test("graphs that were used before the clock was set back stay, as if they were used now", () => {
  const cache = mkdtempSync(join(tmpdir(), "sam-bench-unused-"));
  try {
    mkdirSync(join(cache, "of the future"));
    removeUnused(cache, Date.now() - 365 * 86_400_000);
    expect(readdirSync(cache)).toEqual(["of the future"]);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});
