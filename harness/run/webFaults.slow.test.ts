import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { RunFlags } from "../plan/runFlags.ts";
import { findBrowser } from "../web/browser.ts";
import { greedyNano } from "./fixtures/greedyNano.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";

const quick: RunFlags = { dataset: "shapes", prompts: "box", limit: 2, rounds: 1, warmup: 0, threads: 1 };

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

const inBrowser = test.skipIf(findBrowser() === undefined);

inBrowser(
  "a model that needs more memory than WebAssembly has fails with that reason, and the others are measured",
  async () => {
    const flags = { ...quick, runtime: "web", variants: "greedy,sam-nano" };
    const [greedy, nano] = await trial.run(greedyNano(trial.folder, "greedy"), flags);
    expect(greedy!.manifest.status).toEqual({
      state: "failed",
      message: expect.stringContaining("the page ran out of memory, of which WebAssembly has 4 GB at most"),
    });
    expect(nano!.manifest.status).toMatchObject({ state: "done", images: 2 });
  },
  patience,
);

inBrowser(
  "where the browser has no device for WebGPU, the row of WebGPU fails with that reason and WebAssembly's is measured",
  async () => {
    vi.stubEnv("CHROMIUM", browserWithoutDevices(findBrowser()!));
    onTestFinished(() => void vi.unstubAllEnvs());
    const flags = { ...quick, provider: "web-wasm1,web-webgpu", variants: "sam-nano" };
    const [wasm, webgpu] = await trial.run(undefined, flags);
    expect(webgpu!.manifest.status).toEqual({
      state: "failed",
      message: expect.stringContaining("this browser gives the page no device for WebGPU"),
    });
    expect(wasm!.manifest.status).toMatchObject({ state: "done", images: 2 });
  },
  patience,
);

/** Writes a program that starts the browser without its unsafe WebGPU, which is the only one that software devices have. */
function browserWithoutDevices(browser: string): string {
  const file = join(trial.folder, "browser.sh");
  const words = `for word; do shift; [ "$word" = --enable-unsafe-webgpu ] || set -- "$@" "$word"; done`;
  writeFileSync(file, `#!/bin/sh\n${words}\nexec "${browser}" "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}
