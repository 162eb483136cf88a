import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../plan/plugins/sources.ts";
import { random } from "../stats/random.ts";
import type { StoredRun } from "../store/store.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";

const program = fileURLToPath(new URL("fixtures/faultyProgram.mjs", import.meta.url));

let trial: PluginTrial;
beforeAll(() => {
  trial = pluginTrial();
});
afterAll(() => trial.remove());

/** Faults of the first answer by name, and the reason that the whole row has. */
const helloFaults: Readonly<Record<string, RegExp>> = {
  "hello hangs": /it does not say what it is in 120 s/,
  "hello dies": /exit code 3; it printed last: no licence found/,
  "hello floods": /a line of more than 1048576 bytes/,
  "hello lies": /hello: .*field supports.tokens.multimask/,
  "no program": /exit code 127/,
};

/** Faults by name, and the reason that the only image of its row has. */
const faults: Readonly<Record<string, RegExp>> = {
  hang: /no answer in 8 s/,
  die: /the program that answers: exit code 137; it printed last: Killed: 9 GB asked/,
  flood: /a line of more than 1048576 bytes/,
  "long times": /its own times are longer than the harness waited/,
  "no times": /prepareMs is no time \(found nothing/,
  "time of 0": /encodeMs is no time \(found 0, expected milliseconds above 0\)/,
  "short frame": /bytes are announced, and \d+/,
  "huge frame": /frames of 1000000000000000 bytes are announced/,
  NaN: /prompt 1: predictedIou: not a finite number \(found null at 0/,
  "other tokens": /other tokens than it said it has \(found \[1,2\], expected \[1, 2, 3\]\)/,
  refusal: /decode: no kernel for this shape/,
};

const idOf = (fault: string) => `faulty-${fault.replaceAll(" ", "-")}`;

async function reasonsOf(run: StoredRun): Promise<readonly string[]> {
  const reasons: string[] = [];
  for await (const row of run.rows()) if (row.kind === "failure") reasons.push(row.message);
  return reasons;
}

test(
  "a program that hangs, dies, floods or lies fails in its own row with the reason, and the others go on",
  async () => {
    const names = Object.keys(faults);
    const runs = await trial.run(undefined, {
      variants: [...names.map(idOf), "sam-nano"].join(","),
      external: names.map((name) => `${idOf(name)}=node ${program} '${name}'`),
      dataset: "shapes",
      limit: 1,
      prompts: "box",
      phase: "accuracy",
      threads: 1,
      "image-timeout": 8,
    });
    for (const [i, name] of names.entries()) {
      const reasons = await reasonsOf(runs[i]!);
      expect(reasons, name).toHaveLength(1);
      expect(reasons[0], name).toMatch(faults[name]!);
    }
    expect(await reasonsOf(runs.at(-1)!)).toEqual([]);
    expect(runs.at(-1)!.manifest.status).toMatchObject({ state: "done", images: 1 });
  },
  patience,
);

test(
  "a program that can not be started or does not say what it is has a row that failed with the reason, and the others are run",
  async () => {
    const names = Object.keys(helloFaults);
    const commandOf = (name: string) =>
      name === "no program" ? "no-such-program-anywhere" : `node ${program} '${name}'`;
    const flags = {
      variants: [...names.map(idOf), "sam-nano"].join(","),
      external: names.map((name) => `${idOf(name)}=${commandOf(name)}`),
      dataset: "shapes",
      limit: 1,
      prompts: "box",
      phase: "accuracy",
      threads: 1,
    } as const;
    const runs = await trial.run(undefined, flags);
    for (const [i, name] of names.entries())
      expect(runs[i]!.manifest.status, name).toEqual({
        state: "failed",
        message: expect.stringMatching(helloFaults[name]!),
      });
    expect(runs.at(-1)!.manifest.status).toMatchObject({ state: "done", images: 1 });
  },
  patience,
);

test(
  "a program whose latency can not be measured is given up with the reason, and the others are timed",
  async () => {
    const runs = await trial.run(undefined, {
      variants: "faulty-times,sam-nano",
      external: [`faulty-times=node ${program} 'long times'`],
      dataset: "shapes",
      limit: 1,
      phase: "latency",
      rounds: 1,
      warmup: 0,
      threads: 1,
    });
    expect(runs.map(({ manifest }) => manifest.status)).toMatchObject([
      { state: "failed", message: expect.stringMatching(/its own times are longer than the harness waited/) },
      { state: "done" },
    ]);
  },
  patience,
);

const ownGraphs = fileURLToPath(new URL("fixtures/nanoProgram.mjs", import.meta.url));

test(
  "a program's turns have its own times, the way of pixels and masks apart, and memory is that of its process",
  async () => {
    const [run] = await trial.run(undefined, {
      variants: "wire",
      external: [`wire=node ${ownGraphs} masks`],
      dataset: "shapes",
      limit: 1,
      phase: "latency",
      rounds: 2,
      warmup: 0,
      threads: 2,
    });
    const turns = await run!.latency();
    expect(turns).toHaveLength(2);
    for (const { encodeMs, decodeMs, transferMs, batches } of turns)
      for (const [value] of [encodeMs, decodeMs, transferMs!, batches!.map(({ durationMs }) => durationMs)])
        expect(value).toBeGreaterThan(0);
    const { load, encode, decode } = run!.manifest.modelMemory!;
    // Node, the runtime and a model.
    for (const bytes of [load, encode, decode]) expect(bytes).toBeGreaterThan(50e6);
  },
  patience,
);

const kills = 10;

test(
  "no process outlives a run that is killed 10 times at random moments, in the middle of an image",
  async () => {
    const place = join(trial.folder, "pids");
    const moments = random(0, "externalFaults.test", "moments");
    for (let kill = 1; kill <= kills; kill++) {
      const run = startRun(place, join(trial.folder, `killed${kill}`));
      await expect.poll(() => linesOf(place), { timeout: 120_000, interval: 50 }).toBe(kill);
      await sleep(500 * moments.next());
      run.kill("SIGKILL");
    }
    const pids = readFileSync(place, "utf8").trim().split(/\s+/).map(Number);
    expect(pids).toHaveLength(2 * kills);
    await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);
  },
  patience,
);

function startRun(place: string, results: string) {
  const flags = "--variants stands --dataset shapes --limit 1 --prompts box --phase accuracy --threads 1";
  const args = ["harness/bench.mjs", "run", ...flags.split(" "), "--results", results];
  const external = `stands=node ${program} stands ${place}`;
  return spawn(process.execPath, [...args, "--external", external], { cwd: projectRoot, stdio: "ignore" });
}

function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

/** A process that has ended and that nobody has asked for yet is not alive. */
function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, "utf8"));
}
