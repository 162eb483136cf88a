import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunFlags } from "../plan/runFlags.ts";
import { findRun } from "../results/storedRuns.ts";
import { rowName } from "../store/rowName.ts";
import { offBy } from "./fixtures/offBy.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";
import { wrappedNano } from "./fixtures/wrappedNano.ts";

const both: RunFlags = {
  variants: "elsewhere",
  provider: "cpu,webgpu",
  dataset: "shapes",
  prompts: "box",
  limit: 1,
  threads: 1,
  phase: "accuracy",
  baseline: true,
};

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

test(
  "two providers are two runs of one command, each found by its row's name",
  async () => {
    const runs = await trial.run(wrappedNano(trial.folder, offBy(0.005)), both);
    const [cpu, webgpu, floor] = runs.map(({ manifest }) => manifest);
    expect(runs.map(({ manifest }) => rowName(manifest)).slice(0, 2)).toEqual(["elsewhere", "elsewhere@webgpu"]);
    expect([cpu!.runtime.providerError, floor!.runtime.provider]).toEqual([undefined, "cpu"]);
    expect(webgpu!.runtime.providerError!.encode).toBeCloseTo(0.005, 5);
    expect(runs.map(({ manifest }) => manifest.status.state)).toEqual(["done", "done", "done"]);
    const results = `${trial.folder}/results1`;
    for (const { id, row } of [
      { id: cpu!.id, row: "elsewhere" },
      { id: webgpu!.id, row: "elsewhere@webgpu" },
    ])
      expect((await findRun(row, results)).id).toBe(id);
  },
  patience,
);

test(
  "the rows of a provider that computes something else fail alone",
  async () => {
    const runs = await trial.run(wrappedNano(trial.folder, offBy(0.098)), both);
    expect(runs.map(({ manifest }) => manifest.status.state)).toEqual(["done", "failed", "done"]);
    expect(trial.notes.join("\n")).toContain(
      "elsewhere@webgpu: given up, elsewhere@webgpu: provider webgpu computes something else than the processor",
    );
  },
  patience,
);
