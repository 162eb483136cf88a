import { afterEach, beforeEach, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import type { StoredRun } from "../store/store.ts";
import { offBy } from "./fixtures/offBy.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";
import { type Wrapping, wrappedNano } from "./fixtures/wrappedNano.ts";

const quick: RunFlags = { dataset: "shapes", prompts: "box", limit: 1, rounds: 1, warmup: 0, threads: 1 };

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

test(
  "one that is far off is refused before the first image, and measured where the user accepts it",
  async () => {
    const error = await runOn("webgpu", offBy(0.098), {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HarnessError);
    expect((error as HarnessError).message).toContain("elsewhere@webgpu: provider webgpu computes something else");
    expect((error as HarnessError).hint).toContain("--accept-error");
    const [run] = await runOn("webgpu", offBy(0.098), { phase: "accuracy", "accept-error": true });
    expect(run!.manifest.runtime.providerError!.encode).toBeCloseTo(0.098, 4);
    expect(run!.manifest.status).toMatchObject({ state: "done", images: 1 });
  },
  patience,
);

test(
  "a variant that fails on the provider ends alone, and says how",
  async () => {
    const broken = {
      ...offBy(0),
      encoded:
        '(embedding, { provider }) => { if (provider !== "cpu") throw new Error("no device"); return embedding; }',
    };
    const [run] = await runOn("webgpu", broken, { phase: "accuracy" });
    expect(run!.manifest.status).toMatchObject({ state: "failed", message: expect.stringContaining("no device") });
  },
  patience,
);

test(
  "on the processor there is nothing to compare",
  async () => {
    const [run] = await runOn("cpu", offBy(0.098), { phase: "accuracy" });
    expect(run!.manifest.runtime.providerError).toBeUndefined();
  },
  patience,
);

async function runOn(provider: string, wrapping: Wrapping, flags: RunFlags): Promise<readonly StoredRun[]> {
  const plugin = wrappedNano(trial.folder, wrapping);
  return trial.run(plugin, { ...quick, ...flags, variants: wrapping.id, provider });
}
