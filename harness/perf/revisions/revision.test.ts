import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { projectRoot } from "../../plan/plugins/sources.ts";
import { withRevision } from "./checkout.ts";
import { revision } from "./revision.ts";
import { takeTurns } from "./turns.ts";

const program = fileURLToPath(new URL("../perf.mjs", import.meta.url));
const inGit = existsSync(join(projectRoot, ".git"));
const worktrees = () => execFileSync("git", ["-C", projectRoot, "worktree", "list"], { encoding: "utf8" });
const workplaces = () => readdirSync(tmpdir()).filter((name) => name.startsWith("sam-bench-perf-"));

test("a revision that git does not know is refused, and so is a call without words", async () => {
  await expect(
    revision.run({ revision: "no-such-tag", "--": ["list"], rounds: 1, warmup: 0 }, memoryConsole()),
  ).rejects.toThrow("no-such-tag: no commit of this project");
  await expect(revision.run({ revision: "HEAD", rounds: 1, warmup: 0 }, memoryConsole())).rejects.toThrow(
    "no words of a call of bench",
  );
});

test("each round calls this checkout, whose output has the place of a new folder in its own words", async () => {
  const console = memoryConsole();
  const turns = { words: ["list", "runs", "--results", "{new}"], rounds: 2, warmup: 1 };
  expect(await withRevision(undefined, (workplace) => takeTurns(workplace, turns, console))).toBe("equal");
  expect(console.said.out).toMatch(/^here .* 2 +\d+$/m);
  expect(console.said.out).toMatch(/^output {2}equal in all 3 calls/m);
  expect(workplaces()).toEqual([]);
});

test("a call that fails ends the measurement with its own words, and nothing stays", async () => {
  const turns = { words: ["table", "--results", "{new}", "--sort", "x"], rounds: 1, warmup: 0 };
  await expect(withRevision(undefined, (workplace) => takeTurns(workplace, turns, memoryConsole()))).rejects.toThrow(
    /^here: bench table .*: ended with exit code 2/,
  );
  expect(workplaces()).toEqual([]);
});

test.skipIf(!inGit)("another revision has its own code and its own caches, and is gone at the end", async () => {
  const console = memoryConsole();
  const turns = { words: ["list", "runs", "--results", "{new}"], rounds: 1, warmup: 0 };
  const before = worktrees();
  await withRevision("HEAD", async (workplace) => {
    await takeTurns(workplace, turns, console);
    for (const { root, home } of workplace.checkouts) {
      expect(existsSync(join(root, "harness", "bench.mjs"))).toBe(true);
      expect(readdirSync(home)).toContain("compiled");
    }
    const roots = workplace.checkouts.map(({ root }) => root);
    expect(roots).toEqual([projectRoot, join(workplace.folder, "project")]);
  });
  expect(console.said.out).toMatch(/^time {4}here \/ HEAD: \d/m);
  expect(console.said.out).toMatch(/^output {2}equal in all 2 calls/m);
  expect(workplaces()).toEqual([]);
  expect(worktrees()).toBe(before);
});

test.skipIf(!inGit)("Ctrl-C ends the call, and all that was made is deleted", async () => {
  const before = worktrees();
  const folder = mkdtempSync(join(tmpdir(), "stopped-"));
  const child = spawn(process.execPath, [program, "revision", "HEAD", "--rounds", "1000", "--", "list"], {
    env: { ...process.env, TMPDIR: folder },
    stdio: "ignore",
  });
  // The first call has begun where it has a file to report to.
  await expect.poll(() => readdirSync(folder).join(), { timeout: 60_000 }).toContain("sam-bench-call-");
  child.kill("SIGINT");
  expect(await once(child, "close")).toEqual([130, null]);
  expect(readdirSync(folder).filter((name) => name.startsWith("sam-bench-"))).toEqual([]);
  expect(worktrees()).toBe(before);
});
