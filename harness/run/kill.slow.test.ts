import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { projectRoot } from "../plan/plugins/sources.ts";
import { shared } from "../shared.ts";
import { random } from "../stats/random.ts";
import { readRun } from "../store/store.ts";

const kills = 20;

test.skipIf(shared === undefined)(
  "a run on 30 photos that is killed 20 times at random moments ends with the rows of a run without kills",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "sam-bench-kill-"));
    try {
      const calm = join(folder, "calm");
      const killed = join(folder, "killed");
      const begun = performance.now();
      expect(await bench(calm)).toBe(0);
      const calmMs = performance.now() - begun;
      const rows = await rowsHash(calm);
      const moments = random(0, "kill.test", "moments");
      for (let kill = 0; kill < kills; ) {
        const code = await bench(killed, calmMs * moments.next());
        if (code === undefined) kill += 1;
        else {
          // It went on from the last kill and came to its end: the next kills meet a run that begins anew.
          expect([code, await rowsHash(killed)]).toEqual([0, rows]);
          rmSync(killed, { recursive: true });
        }
      }
      expect(await bench(killed)).toBe(0);
      expect(await rowsHash(killed)).toBe(rows);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  400_000,
);

/** The exit code; `undefined` where the process was killed after `killAfterMs`. */
async function bench(results: string, killAfterMs?: number): Promise<number | undefined> {
  const flags = "--variants sam-nano --dataset coco --limit 30 --rounds 1 --warmup 0 --threads 1".split(" ");
  const args = ["harness/bench.mjs", "run", ...flags, "--data", join(shared!, "realset"), "--results", results];
  const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: "ignore" });
  const ended = new Promise<number | undefined>((resolve) => child.once("exit", (code) => resolve(code ?? undefined)));
  if (killAfterMs === undefined) return ended;
  const stop = new AbortController();
  void sleep(killAfterMs, undefined, { signal: stop.signal }).then(
    () => child.kill("SIGKILL"),
    () => undefined,
  );
  const code = await ended;
  stop.abort();
  return code;
}

async function rowsHash(results: string): Promise<string> {
  const [id] = readdirSync(results);
  return (await readRun(results, id!)).rowsHash();
}
