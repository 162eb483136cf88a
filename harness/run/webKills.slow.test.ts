import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { program } from "../commands/fixtures/bench.ts";
import { random } from "../stats/random.ts";
import { readRun } from "../store/store.ts";
import { findBrowser } from "../web/browser.ts";
import { isAlive, processesBelow } from "../web/fixtures/browserProcesses.ts";

const inBrowser = test.skipIf(findBrowser() === undefined);

/** Kills of each kind: three where all tests run, and as many as SAM_BENCH_KILLS says by hand. */
const kills = Number(process.env.SAM_BENCH_KILLS ?? 3);

let folder: string;
/** The runs' folder of temporary files. */
let temporary: string;
let calm: string;
/** The whole run takes about this long. */
let calmMs: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-web-kills-"));
  temporary = mkdtempSync(join(tmpdir(), "kills-"));
  expect(await endOf(start("warm"))).toBe(0);
  const begun = performance.now();
  expect(await endOf(start("calm"))).toBe(0);
  calmMs = performance.now() - begun;
  calm = await rowsHash("calm");
});
afterAll(() => {
  for (const each of [folder, temporary]) rmSync(each, { recursive: true, force: true });
});

inBrowser(
  "a program killed at any moment leaves no browser behind, and the same command ends with the same rows",
  async () => {
    const moments = random(0, "kills of the parent", "moments");
    for (let kill = 0; kill < kills; kill++) {
      const results = `parent${kill}`;
      const child = start(results);
      const ended = endOf(child);
      const afterMs = calmMs * moments.next();
      await sleep(afterMs);
      const browsers = processesBelow(child.pid!, "chrom");
      child.kill("SIGKILL");
      await ended;
      await expect.poll(() => browsers.filter(isAlive), { timeout: 20_000 }).toEqual([]);
      const code = await endOf(start(results));
      report({ kill: "parent", afterMs, browsers: browsers.length, code });
      expect([results, code, await rowsHash(results)]).toEqual([results, 0, calm]);
    }
    expect(leftFolders()).toEqual([]);
  },
);

inBrowser(
  "a browser or a tab killed at any moment costs no row: the run goes on, or the same command does",
  async () => {
    const moments = random(0, "kills of the browser", "moments");
    for (let kill = 0; kill < kills; kill++) {
      const results = `browser${kill}`;
      // Every other time the tab's process is killed, and the browser goes on.
      const text = kill % 2 === 0 ? "--remote-debugging-pipe" : "--type=renderer";
      const child = start(results);
      const ended = endOf(child);
      const afterMs = calmMs * moments.next();
      const killed = await killedBelow(child, text, afterMs);
      const codes = [await ended];
      if (codes[0] !== 0) codes.push(await endOf(start(results)));
      report({ kill: kill % 2 === 0 ? "browser" : "tab", afterMs, browsers: killed, code: codes.join(" then ") });
      expect([results, codes.at(-1), await rowsHash(results)]).toEqual([results, 0, calm]);
    }
    expect(leftFolders()).toEqual([]);
  },
);

/** Kills the first such processes that there are from a moment on. Returns how many; none where the run ended before. */
async function killedBelow(child: ChildProcess, text: string, afterMs: number): Promise<number> {
  await sleep(afterMs);
  while (child.exitCode === null) {
    const found = processesBelow(child.pid!, text).filter(isAlive);
    for (const id of found) process.kill(id, "SIGKILL");
    if (found.length > 0) return found.length;
    await sleep(20);
  }
  return 0;
}

function start(results: string): ChildProcess {
  const flags = "--runtime web --variants sam-nano --prompts box --limit 2 --rounds 1 --warmup 0 --threads 1".split(
    " ",
  );
  const args = [program, "run", ...flags, "--no-baseline", "--results", join(folder, results)];
  const env = { ...process.env, TMPDIR: temporary };
  return spawn(process.execPath, args, { stdio: "ignore", env });
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}

async function rowsHash(results: string): Promise<string> {
  const at = join(folder, results);
  const id = readdirSync(at).find((name) => !name.startsWith("."))!;
  return (await readRun(at, id)).rowsHash();
}

/** Returns what browsers have left in the folder of temporary files, after a run that was not killed. */
function leftFolders(): readonly string[] {
  return readdirSync(temporary).filter((name) => /browser|chrom|playwright/i.test(name));
}

function report(outcome: Readonly<Record<string, unknown>>): void {
  if (process.env.SAM_BENCH_TELL !== undefined) console.log(JSON.stringify(outcome));
}
