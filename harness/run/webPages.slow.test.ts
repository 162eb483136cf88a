import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench, program } from "../commands/fixtures/bench.ts";
import { readRun } from "../store/store.ts";
import { findBrowser } from "../web/browser.ts";
import { isAlive, processesBelow } from "../web/fixtures/browserProcesses.ts";
import { type PluginTrial, pluginTrial } from "./fixtures/pluginTrial.ts";

const inBrowser = test.skipIf(findBrowser() === undefined);

let folder: string;
let trial: PluginTrial;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-pages-"));
  trial = pluginTrial();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  trial.remove();
});

inBrowser("rows of pages have the masks of native rows, latencies, memory, and what a visitor waits for", async () => {
  const results = join(trial.folder, "results1");
  const runs = await trial.run(undefined, {
    variants: "sam-nano,mobilesam-nano",
    runtime: "node,web",
    limit: 3,
    threads: 2,
    rounds: 2,
    warmup: 1,
  });
  expect(
    runs.map(({ manifest: { variant, runtime, status } }) => [variant.id, runtime.provider, status.state]),
  ).toEqual(
    ["sam-nano", "mobilesam-nano"].flatMap((id) =>
      ["cpu", "web-wasm1", "web-wasm2"].map((provider) => [id, provider, "done"]),
    ),
  );
  for (const { id, manifest } of runs.filter((each) => each.manifest.runtime.provider !== "cpu")) {
    const { providerError, page } = manifest.runtime;
    expect(providerError!.encode).toBeLessThan(1e-4);
    expect(providerError!.decode).toBeLessThan(1e-4);
    // A browser does not tell it of a page with several threads.
    const toldBytes = manifest.runtime.provider === "web-wasm1" ? expect.any(Number) : undefined;
    expect(page).toEqual({
      browser: expect.stringMatching(/^Chromium \d/),
      downloadBytes: expect.any(Number),
      firstMaskMs: expect.any(Number),
      memoryBytes: toldBytes,
    });
    expect(page!.downloadBytes).toBeGreaterThan(manifest.graphs!.fileBytes);
    // The graphs' weights are a part of it.
    expect(page!.memoryBytes ?? Infinity).toBeGreaterThan(manifest.graphs!.fileBytes);
    expect(manifest.modelMemory!.encode).toBeGreaterThan(50e6);
    expect(await (await readRun(results, id)).latency()).toHaveLength(2);
    const row = `${manifest.variant.id}@${manifest.runtime.provider}`;
    const conditions = ["same-token < 0.999", "mask-iou < 0.9999", "left-out > 0"];
    const flags = conditions.flatMap((condition) => ["--fail-if", condition]);
    const compared = await bench(["compare", manifest.variant.id, row, "--results", results, ...flags]);
    expect([row, compared.code, compared.notes]).toEqual([row, 0, expect.any(String)]);
  }
});

inBrowser("a machine without a browser is told so before anything is built", async () => {
  const told = await bench(["run", "--runtime", "web", "--variants", "sam-nano", "--results", folder], {
    env: { PATH: folder, CHROMIUM: "" },
  });
  expect([told.code, told.notes]).toEqual([2, expect.stringContaining("--runtime web: no browser is installed")]);
});

inBrowser("browsers end with the program that started them, even if it is killed", async () => {
  const flags = "--runtime web --variants sam-nano --limit 1 --rounds 500 --threads 1".split(" ");
  const child = spawn(process.execPath, [program, "run", ...flags, "--results", folder], { stdio: "ignore" });
  const browsers = () => processesBelow(child.pid!, "--remote-debugging-pipe");
  await expect.poll(() => browsers().length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
  const begun = browsers();
  child.kill("SIGKILL");
  await expect.poll(() => begun.filter(isAlive), { timeout: 20_000 }).toEqual([]);
});

inBrowser("WebGPU in a page, on whatever device there is, computes what the processor does", async () => {
  const runs = await trial.run(undefined, {
    variants: "sam-nano",
    provider: "cpu,web-webgpu",
    prompts: "box",
    limit: 1,
    phase: "accuracy",
  });
  const [, { manifest }] = runs as [unknown, (typeof runs)[number]];
  expect([manifest.runtime.provider, manifest.status.state]).toEqual(["web-webgpu", "done"]);
  expect(manifest.runtime.providerError!.encode).toBeLessThan(1e-3);
  expect(manifest.runtime.page!.device).toEqual(expect.any(String));
});
