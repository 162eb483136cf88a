import { afterEach, beforeEach, expect, test } from "vitest";
import { onBothProviders } from "./fixtures/bothProviders.ts";
import { offBy } from "./fixtures/offBy.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";
import { wrappedNano } from "./fixtures/wrappedNano.ts";

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

test(
  "the rows of a provider that computes something else fail alone",
  async () => {
    const runs = await trial.run(wrappedNano(trial.folder, offBy(0.098)), onBothProviders);
    expect(runs.map(({ manifest }) => manifest.status.state)).toEqual(["done", "failed", "done"]);
    expect(trial.notes.join("\n")).toContain(
      "elsewhere@webgpu: given up, elsewhere@webgpu: provider webgpu computes something else than the processor",
    );
  },
  patience,
);
