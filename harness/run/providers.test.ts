import { afterEach, beforeEach, expect, test } from "vitest";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { findRun } from "../results/storedRuns.ts";
import { rowName } from "../store/rowName.ts";
import { onBothProviders } from "./fixtures/bothProviders.ts";
import { offBy } from "./fixtures/offBy.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";
import { wrappedNano } from "./fixtures/wrappedNano.ts";
import { type OperandContext, readOperand, runsOfOperands } from "./sides/operands.ts";

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

test(
  "two providers are two runs of one command, each found by its row's name",
  async () => {
    const plugin = wrappedNano(trial.folder, offBy(0.005));
    const runs = await trial.run(plugin, onBothProviders);
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
    const compared = await storedSides(["elsewhere", "elsewhere@webgpu"], { results, plugin });
    expect(compared).toEqual([cpu!.id, webgpu!.id]);
  },
  patience,
);

/** Returns the ids of the runs that are compared where these rows are named; nothing has to be run for it. */
async function storedSides(
  names: readonly string[],
  { results, plugin }: { readonly results: string; readonly plugin: string },
): Promise<readonly string[]> {
  const stop = new AbortController();
  stop.abort();
  const context: OperandContext = {
    results,
    registry: await loadRegistry([plugin]),
    plugins: [plugin],
    flags: {},
    observer: {} as OperandContext["observer"],
    signal: stop.signal,
  };
  const operands = await Promise.all(names.map((name) => readOperand(name, context)));
  return (await runsOfOperands(operands, context)).map(({ id }) => id);
}
