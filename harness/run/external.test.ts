import { afterAll, beforeAll, expect, test } from "vitest";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";

let trial: PluginTrial;
beforeAll(() => {
  trial = pluginTrial();
});
afterAll(() => trial.remove());

test(
  "a program that does not say what it is has a row that failed with the reason, beside the others",
  async () => {
    const flags = {
      variants: "gone,sam-nano,torch/sam-nano",
      external: ["gone=no-such-program-anywhere"],
      python: "no-such-python-anywhere",
      dataset: "shapes",
      limit: 1,
      prompts: "box",
      phase: "accuracy",
      threads: 1,
    } as const;
    const [gone, native, torch] = await trial.run(undefined, flags);
    expect(native!.manifest.status).toMatchObject({ state: "done", images: 1 });
    expect(gone!.manifest.status).toEqual({ state: "failed", message: expect.stringMatching(/exit code 127/) });
    expect(gone!.manifest.weights).toEqual({ source: "external", label: "gone" });
    expect(torch!.manifest.status).toEqual({
      state: "failed",
      message:
        "torch/sam-nano: no Python starts (found --python no-such-python-anywhere, expected Python 3.8 or newer); --python FILE names another one",
    });
    expect(torch!.manifest.weights.source).toBe("nano");
    // The same command asks again.
    expect((await trial.run(undefined, flags, "go on")).map(({ id }) => id)).toEqual([gone!.id, native!.id, torch!.id]);
  },
  patience,
);
