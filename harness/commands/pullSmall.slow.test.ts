import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { sendFile, serve } from "../pull/fixtures/server.ts";
import { writeSeededCheckpoint } from "../weights/fixtures/seededFile.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { commands } from "./index.ts";
import type { Arguments } from "./terminal/command.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-pull-"));
  vi.stubEnv("SAM_BENCH_HOME", join(folder, "home"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test("a pulled file without a published hash is a row 'published'; another by --checkpoint is not", async () => {
  const plugin = await toyModel();
  const content = readFileSync(join(folder, "toy_sam.pt"));
  const server = await serve((request, response) => sendFile(request, response, content));
  onTestFinished(() => server.close());
  await pullWith({ id: ["toy-sam"], plugin: [plugin], mirror: server.url, "insecure-http": true }, memoryConsole());
  const flags = { variants: "toy-sam", plugin: [plugin], limit: 1, prompts: "box", threads: 1, phase: "accuracy" };

  const pulled = await ran({ ...flags, results: join(folder, "pulled"), json: true });
  const shapes = "(mobilesam-nano or toy-sam by its shapes)";
  expect(JSON.parse(pulled).runs[0]).toMatchObject({
    weights: "published",
    weightsLabel: `toy_sam.pt, by hash ${shapes}`,
  });
  const table = await ran({ ...flags, results: join(folder, "pulled"), notes: true });
  expect(table).toMatch(/^toy-sam +published /m);
  expect(table).toContain("weights: published = the checkpoint that its authors publish");
  expect(table).toContain("checkpoints: toy-sam from toy_sam.pt");

  const changed = Buffer.from(content);
  changed[content.length - 1]! ^= 1;
  writeFileSync(join(folder, "toy_sam.pt"), changed);
  const own = { ...flags, checkpoint: [`toy-sam=${join(folder, "toy_sam.pt")}`], results: join(folder, "own") };
  expect(JSON.parse(await ran({ ...own, json: true })).runs[0]).toMatchObject({
    weights: "checkpoint",
    weightsLabel: `toy_sam.pt, as told ${shapes}`,
  });
});

async function pullWith(args: Arguments, console: ReturnType<typeof memoryConsole>): Promise<void> {
  expect(await (await commands.pull()).run(args, console)).toBe(0);
}

async function ran(args: Arguments): Promise<string> {
  const command = await commands.run();
  const console = memoryConsole();
  const standard = Object.entries(command.options).map(([option, { default: value }]) => [option, value]);
  expect(await command.run({ ...Object.fromEntries(standard), ...args }, console)).toBe(0);
  return console.said.out;
}

/** A module whose one preset is MobileSAM at toy size, published without a hash, and a file of it on seeded values. */
async function toyModel(): Promise<string> {
  const { plugin, preset } = variantOf(await loadRegistry(), "mobilesam-nano");
  await writeSeededCheckpoint(join(folder, "toy_sam.pt"), plugin, preset);
  const file = join(folder, "toy.mts");
  const published = { id: "toy_sam", url: "https://example.org/toy_sam.pt", licence: "Apache-2.0" };
  writeFileSync(
    file,
    `import plugin from ${JSON.stringify(pathToFileURL(join(projectRoot, "variants/mobilesam/variant.ts")).href)};
    const preset = plugin.presets.find(({ id }) => id === "mobilesam-nano");
    export default {
      presets: [{ ...preset, id: "toy-sam", size: "full", published: ${JSON.stringify(published)} }],
      build: (context) => plugin.build({ ...context, preset }),
      load: (graphs, runtime) => plugin.load(graphs, runtime, preset),
      loadRaw: (graphs, runtime) => plugin.loadRaw(graphs, runtime, preset),
    };`,
  );
  return file;
}
