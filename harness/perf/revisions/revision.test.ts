import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { projectRoot } from "../../plan/plugins/sources.ts";
import { type Workplace, withRevision } from "./checkout.ts";
import { revision } from "./revision.ts";
import { type Turns, takeTurns } from "./turns.ts";

const program = fileURLToPath(new URL("../perf.mjs", import.meta.url));
const inGit = existsSync(join(projectRoot, ".git"));
const worktrees = () => execFileSync("git", ["-C", projectRoot, "worktree", "list"], { encoding: "utf8" });

/** Takes turns in a workplace that has to be gone at the end. */
async function takenTurns(revision: string | undefined, turns: Turns, look: (workplace: Workplace) => void = () => {}) {
  const console = memoryConsole();
  let folder = "";
  const printed = await withRevision(revision, async (workplace) => {
    folder = workplace.folder;
    const found = await takeTurns(workplace, turns, console);
    look(workplace);
    return found;
  }).finally(() => expect(existsSync(folder)).toBe(false));
  if (inGit) expect(worktrees()).not.toContain(folder);
  return { printed, out: console.said.out };
}

test("a revision that git does not know is refused, and so is a call without words", async () => {
  await expect(
    revision.run({ revision: "no-such-tag", "--": ["list"], rounds: 1, warmup: 0 }, memoryConsole()),
  ).rejects.toThrow("no-such-tag: no commit of this project");
  await expect(revision.run({ revision: "HEAD", rounds: 1, warmup: 0 }, memoryConsole())).rejects.toThrow(
    "no words of a call of bench",
  );
});

test("each call measures into a folder of its own, and what it printed and stored is compared", async () => {
  const words = "run --variants sam-nano --limit 1 --phase accuracy --prompts box --no-baseline --results {new}".split(
    " ",
  );
  const { printed, out } = await takenTurns(undefined, { words, rounds: 2, warmup: 0 });
  expect(printed).toBe("equal");
  expect(out).toMatch(/^here .* 2 +\d+$/m);
  expect(out).toMatch(/^output {2}equal in all 2 calls/m);
  expect(out).toMatch(/^rows {4}equal in all 2 calls/m);
});

test("a call that fails ends the measurement with its own words, and nothing stays", async () => {
  const turns = { words: ["table", "--results", "{new}", "--sort", "x"], rounds: 1, warmup: 0 };
  await expect(takenTurns(undefined, turns)).rejects.toThrow(/^here: bench table .*: ended with exit code 2/);
});

test.skipIf(!inGit)("another revision has its own code and its own caches, and is gone at the end", async () => {
  const turns = { words: ["list", "runs", "--results", "{new}"], rounds: 1, warmup: 0 };
  const { out } = await takenTurns("HEAD", turns, ({ folder, checkouts }) => {
    expect(checkouts.map(({ root }) => root)).toEqual([projectRoot, join(folder, "project")]);
    for (const { root, home } of checkouts) {
      expect(existsSync(join(root, "harness", "bench.mjs"))).toBe(true);
      expect(readdirSync(home)).toContain("compiled");
    }
  });
  expect(out).toMatch(/^time {4}here \/ HEAD: \d/m);
  expect(out).toMatch(/^output {2}equal in all 2 calls/m);
});

test.skipIf(!inGit)("Ctrl-C ends the call, and all that was made is deleted", async () => {
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
  expect(worktrees()).not.toContain(folder);
});
