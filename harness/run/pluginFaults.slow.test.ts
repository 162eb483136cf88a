import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunFlags } from "../plan/runFlags.ts";
import type { StoredRun } from "../store/store.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";
import { type Wrapping, wrappedNano } from "./fixtures/wrappedNano.ts";

const quick: RunFlags = { dataset: "shapes", prompts: "box", limit: 2, rounds: 1, warmup: 0, threads: 1 };

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

test(
  "an error in the latency phase ends its variant with its name, its place and the outputs there are; the others go on",
  async () => {
    const wrapping = { id: "misspelt", encoded: "({ tensors }) =>\n ({ tensor: tensors.image_embeding })" };
    const [misspelt, nano] = await run(wrapping, { ...quick, phase: "latency" }, "sam-nano");
    const { status } = misspelt!.manifest;
    expect(status).toEqual({
      state: "failed",
      message: expect.stringMatching(
        /^misspelt: encode failed in its plug-in \(found TypeError: .+image_embeding.+, at .+misspelt\.mts:\d+:\d+\); outputs of its graphs: .*encoder gives image_embedding/,
      ),
    });
    expect(trial.notes.join("\n")).toContain("misspelt: given up");
    expect(nano!.manifest.status).toMatchObject({ state: "done", only: "latency" });
    expect(await nano!.latency()).toHaveLength(1);
  },
  patience,
);

test(
  "a plug-in that can not load its graphs ends its variant before the first image, in either phase",
  async () => {
    const wrapping = { id: "unloadable", loading: '() => { throw new RangeError("no such layer"); }' };
    const message = expect.stringMatching(
      /^unloadable: load failed in its plug-in \(found RangeError: no such layer, at /,
    );
    for (const phase of ["accuracy", "latency"] as const) {
      const [run1] = await run(wrapping, { ...quick, phase });
      expect(run1!.manifest.status).toEqual({ state: "failed", message });
    }
  },
  patience,
);

async function run(wrapping: Wrapping, flags: RunFlags, ...others: readonly string[]): Promise<readonly StoredRun[]> {
  const variants = [wrapping.id, ...others].join(",");
  return trial.run(wrappedNano(trial.folder, wrapping), { ...flags, variants });
}
