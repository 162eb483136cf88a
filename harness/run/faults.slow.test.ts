import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { projectRoot } from "../plan/plugins/sources.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import type { Row } from "../store/schema/rowSchema.ts";
import type { StoredRun } from "../store/store.ts";
import { type PluginTrial, patience, pluginTrial, type TrialRun } from "./fixtures/pluginTrial.ts";

const quick: RunFlags = {
  variants: "mortal",
  dataset: "shapes",
  prompts: "box",
  limit: 3,
  rounds: 1,
  warmup: 0,
  threads: 1,
};
const accuracy: RunFlags = { ...quick, phase: "accuracy" };

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

/** Ways in which the worker ends, by the number of its call of encode. Calls are counted over all the workers of a run. */
type Deaths = Readonly<Record<number, "SIGKILL" | "SIGSEGV" | "SIGSTOP" | "memory" | "hang">>;

test(
  "a worker that is killed is started anew, and its image tried again: no row is lost or changed",
  async () => {
    const [calm] = await run({}, accuracy);
    const [killed] = await run({ 2: "SIGKILL" }, accuracy);
    expect(killed!.id).toBe(calm!.id);
    expect(killed!.manifest.status).toMatchObject({ state: "done", images: 3 });
    expect(await killed!.rowsHash()).toBe(await calm!.rowsHash());
  },
  patience,
);

test(
  "an image whose worker crashes twice is a failure row with the reason, and the others are measured",
  async () => {
    const [crashed] = await run({ 2: "SIGSEGV", 3: "SIGSEGV" }, accuracy);
    const rows = await rowsOf(crashed!);
    expect(rows.filter(({ kind }) => kind === "failure")).toEqual([
      { kind: "failure", image: 2, message: "mortal: its worker process ended (SIGSEGV)", cause: "worker" },
    ]);
    expect([...new Set(rows.filter(({ kind }) => kind === "prediction").map(({ image }) => image))]).toEqual([1, 3]);
    expect(crashed!.manifest.status).toMatchObject({ state: "done", images: 3 });
    expect(crashed!.manifest.warnings.map(({ text }) => text).join()).toContain("1 of 3 images failed");
  },
  patience,
);

test(
  "the third death ends the variant, the others go on, and the same run goes on behind the finished images",
  async () => {
    const flags = { ...accuracy, variants: "mortal,sam-nano" };
    const [mortal, nano] = await run({ 2: "SIGKILL", 3: "SIGKILL", 4: "SIGKILL" }, flags);
    expect(mortal!.manifest.status).toEqual({
      state: "failed",
      message: "its worker process ended 3 times (SIGKILL); the last image was 3",
    });
    expect(nano!.manifest.status).toMatchObject({ state: "done", images: 3 });
    expect(trial.notes.join("\n")).toContain("mortal: given up");
    const [again] = await run({}, flags, "go on");
    expect(again!.manifest.status).toMatchObject({ state: "done", images: 3 });
    // The image whose worker died is tried again with the others.
    expect(trial.notes.join("\n")).toContain(
      "mortal: 1 image to be run again: photo replaced, worker died, or a target",
    );
    expect(trial.notes.join("\n")).toContain("goes on after 1 image");
  },
  patience,
);

test(
  "a worker that does not answer is ended, and its image tried again: stopped once, it costs no row",
  async () => {
    const [calm] = await run({}, accuracy);
    const [stopped] = await run({ 2: "SIGSTOP" }, { ...accuracy, "image-timeout": 20 });
    expect(stopped!.id).toBe(calm!.id);
    expect(stopped!.manifest.status).toMatchObject({ state: "done", images: 3 });
    expect(await stopped!.rowsHash()).toBe(await calm!.rowsHash());
  },
  patience,
);

test(
  "an image that never ends is a failure row with the time, in the latency phase the variant's end",
  async () => {
    // The first image of a fresh worker takes some seconds on a busy machine.
    const [stuck] = await run({ 2: "hang", 3: "hang" }, { ...accuracy, "image-timeout": 15 });
    const rows = await rowsOf(stuck!);
    expect(rows.filter(({ kind }) => kind === "failure")).toEqual([
      { kind: "failure", image: 2, message: "mortal: its worker process ended (no answer in 15 s)", cause: "worker" },
    ]);
    expect(stuck!.manifest.status).toMatchObject({ state: "done", images: 3 });
    const [timed] = await run(
      { 1: "hang", 2: "hang", 3: "hang" },
      { ...accuracy, phase: "latency", "image-timeout": 4 },
    );
    expect(timed!.manifest.status).toEqual({
      state: "failed",
      message: "its worker process ended 3 times while latency was measured (no answer in 4 s)",
    });
  },
  patience,
);

test(
  "a worker that runs out of memory is a death like another",
  async () => {
    vi.stubEnv("NODE_OPTIONS", "--max-old-space-size=200");
    onTestFinished(() => void vi.unstubAllEnvs());
    const [exhausted] = await run({ 1: "memory", 2: "memory" }, { ...accuracy, limit: 1 });
    expect(await rowsOf(exhausted!)).toEqual([
      {
        kind: "failure",
        image: 1,
        message: expect.stringMatching(/its worker process ended \((SIGABRT|exit code 134)\)/),
        cause: "worker",
      },
    ]);
  },
  patience,
);

test(
  "a death while latency is measured costs nothing but a new start; the third ends the variant alone",
  async () => {
    const flags: RunFlags = { ...quick, phase: "latency", rounds: 2 };
    const [once] = await run({ 2: "SIGKILL" }, flags);
    expect(once!.manifest.status).toMatchObject({ state: "done", only: "latency" });
    expect(await once!.latency()).toHaveLength(2);
    const deaths: Deaths = { 1: "SIGKILL", 2: "SIGSEGV", 3: "SIGKILL" };
    const [mortal, nano] = await run(deaths, { ...flags, variants: "mortal,sam-nano" });
    expect(mortal!.manifest.status).toEqual({
      state: "failed",
      message: "its worker process ended 3 times while latency was measured (SIGKILL)",
    });
    expect(mortal!.manifest.modelMemory).toBeUndefined();
    expect(await nano!.latency()).toHaveLength(2);
  },
  patience,
);

test(
  "in groups a death costs a new start of one worker; a variant that is lost leaves the others' groups as they are",
  async () => {
    const flags: RunFlags = { ...quick, variants: "mortal,sam-nano", phase: "latency", rounds: 4 };
    const [once, beside] = await run({ 3: "SIGKILL" }, flags, "groups");
    for (const each of [once!, beside!]) {
      expect(each.manifest.status).toMatchObject({ state: "done", only: "latency" });
      expect((await each.latency()).map(({ round }) => round)).toEqual([0, 1, 2, 3]);
    }
    const deaths: Deaths = { 3: "SIGKILL", 4: "SIGSEGV", 5: "SIGKILL" };
    const [mortal, nano] = await run(deaths, flags, "groups");
    expect(mortal!.manifest.status).toEqual({
      state: "failed",
      message: "its worker process ended 3 times while latency was measured (SIGKILL)",
    });
    expect((await nano!.latency()).map(({ round }) => round)).toEqual([0, 1, 2, 3]);
    expect(nano!.manifest.status).toMatchObject({ state: "done", only: "latency" });
  },
  patience,
);

/** Each run has a results folder of its own, unless it is to go on. */
async function run(deaths: Deaths, flags: RunFlags, how: TrialRun = "anew"): Promise<readonly StoredRun[]> {
  writeFileSync(join(trial.folder, "deaths.json"), JSON.stringify(deaths));
  writeFileSync(join(trial.folder, "calls"), "");
  return trial.run(mortalPlugin(trial.folder), flags, how);
}

async function rowsOf(run: StoredRun): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of run.rows()) rows.push(row);
  return rows;
}

/** sam-nano under another name, whose worker ends as deaths.json says. */
function mortalPlugin(folder: string): string {
  const file = join(folder, "mortal.mts");
  const sam = join(projectRoot, "variants", "sam");
  writeFileSync(
    file,
    `import { appendFileSync, readFileSync } from "node:fs";
    import plugin from ${JSON.stringify(pathToFileURL(join(sam, "variant.ts")).href)};
    const preset = plugin.presets.find(({ id }) => id === "sam-nano");
    const [plan, calls] = ${JSON.stringify([join(folder, "deaths.json"), join(folder, "calls")])};
    function live() {
      appendFileSync(calls, "x");
      const death = JSON.parse(readFileSync(plan, "utf8"))[readFileSync(calls).length];
      if (death === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      if (death === "memory") for (const kept = []; ; ) kept.push(new Array(10000).fill({}));
      if (death !== undefined) process.kill(process.pid, death);
    }
    export default {
      presets: [{ ...preset, id: "mortal", nanoWeights: { file: ${JSON.stringify(relative(folder, join(sam, "sam-nano.safetensors")))}, untrained: [] } }],
      build: (context) => plugin.build({ ...context, preset }),
      async load(graphs, runtime) {
        const variant = await plugin.load(graphs, runtime, preset);
        return {
          async encode(input) {
            live();
            // A signal to oneself may take a moment to arrive.
            await new Promise((resolve) => setTimeout(resolve, 50));
            return variant.encode(input);
          },
          decode: (embedding, prompts) => variant.decode(embedding, prompts),
          close: () => variant.close(),
        };
      },
      loadRaw: (graphs, runtime) => plugin.loadRaw(graphs, runtime, preset),
    };`,
  );
  return file;
}
