import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { itemsOf } from "../pull/catalog.ts";
import { sendFile, serve } from "../pull/fixtures/server.ts";
import { writeSeededCheckpoint } from "../weights/fixtures/seededFile.ts";
import { memoryConsole, program } from "./fixtures/bench.ts";
import { commands } from "./index.ts";
import type { Arguments } from "./terminal/command.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-pull-"));
  vi.stubEnv("SAM_BENCH_HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test("a checkpoint pulled from a mirror is what bench run uses, and says so; listed, and gone when removed", async () => {
  const plugin = await smallMobileSam();
  const content = readFileSync(join(folder, "mobile_sam_small.pt"));
  const server = await serve((request, response) => sendFile(request, response, content));
  onTestFinished(() => server.close());
  const sha256 = createHash("sha256").update(content).digest("hex");
  const at = { plugin: [plugin] };

  const small = { limit: 1, phase: "accuracy", prompts: "box", threads: 1, results: join(folder, "results") };
  const run = { variants: "mobilesam-small", ...at, ...small, json: true };
  await expect(here("run", run)).rejects.toMatchObject({ hint: expect.stringContaining("bench pull mobilesam-small") });

  const mirrored = { id: ["mobilesam-small"], ...at, mirror: server.url };
  await expect(here("pull", mirrored)).rejects.toThrow("the file is not what it must be");

  const pulled = await here("pull", { ...mirrored, sha256 });
  expect(pulled.notes).toContain("mobile_sam_small: licence Apache-2.0, size unknown");
  expect(pulled.out).toContain("verified by --sha256; not by what its authors publish");

  const ran = await here("run", run);
  expect(ran.notes).toContain("mobilesam-small: checkpoint weights");
  const [report] = JSON.parse(ran.out).runs;
  expect(report).toMatchObject({
    weights: "checkpoint",
    weightsLabel:
      "mobile_sam_small.pt, not the published file, as told (mobilesam-nano or mobilesam-small by its shapes)",
    images: { finished: 1 },
  });

  const listed = async () => JSON.parse((await here("pull", { list: true, json: true, ...at })).out);
  const entry = async () => (await listed()).find(({ id }: { id: string }) => id === "mobile_sam_small");
  expect(await entry()).toMatchObject({ state: "here", held: content.length, trust: "given" });
  expect((await here("pull", { id: ["mobile_sam_small"], remove: true, ...at })).out).toContain("removed");
  expect(await entry()).toMatchObject({ state: "absent", held: 0 });
});

// The limit stands in for a full disk.
test.skipIf(process.platform === "win32")("a disk that fills up is named, and what came is kept", async () => {
  const content = Buffer.alloc(2_000_000, 1);
  const server = await serve((request, response) => sendFile(request, response, content));
  onTestFinished(() => server.close());
  const sha256 = createHash("sha256").update(content).digest("hex");
  const args = [program, "pull", "mobilesam", "--mirror", server.url, "--sha256", sha256];
  const child = spawn("bash", ["-c", 'ulimit -f 1000; exec "$0" "$@"', process.execPath, ...args]);
  let notes = "";
  child.stderr.on("data", (chunk) => (notes += chunk));
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(notes).toContain("mobile_sam.part: the disk is full (found EFBIG)");
  expect(code).toBe(2);
  await here("pull", { id: ["mobilesam"], mirror: server.url, sha256 });
  expect(server.requests).toEqual(["/mobile_sam.pt", "/mobile_sam.pt bytes=1024000-"]);
});

test("a file whose licence restricts its use is shown and refused before a byte comes, and recorded as accepted", async () => {
  const server = await serve((request, response) => sendFile(request, response, Buffer.alloc(100)));
  onTestFinished(() => server.close());
  const args = { id: ["edgesam"], mirror: server.url, "insecure-http": true };
  const refused = memoryConsole();
  const pullCommand = await commands.pull();
  await expect(pullCommand.run(args, refused)).rejects.toMatchObject({
    message: expect.stringContaining("edge_sam: its licence has to be accepted before it is downloaded"),
    hint: expect.stringContaining('say --accept-licence "S-Lab License 1.0"'),
  });
  expect(refused.said.notes).toContain("edge_sam: licence S-Lab License 1.0 (non-commercial use only; https://");
  expect(server.requests).toEqual([]);
  await here("pull", { ...args, "accept-licence": ["S-Lab License 1.0"] });
  expect(server.requests).toEqual(["/edge_sam.pth"]);
  const record = readFileSync(join(folder, "pulled", "edge_sam.json"), "utf8");
  expect(JSON.parse(record)).toMatchObject({ acceptedLicence: "S-Lab License 1.0" });
});

test("ids of variants, of methods on them, of files and of groups stand for their files", async () => {
  const registry = await loadRegistry();
  const idsOf = (id: string) => itemsOf(registry, id).map(({ file }) => file.id);
  expect(idsOf("sam-vit-b")).toEqual(["sam_vit_b_01ec64"]);
  expect(idsOf("sam_vit_b_01ec64")).toEqual(["sam_vit_b_01ec64"]);
  expect(idsOf("coco-val2017")).toEqual(["coco-val2017-images", "coco-annotations-2017"]);
  expect(idsOf("lvis-v1-val")).toEqual(["lvis-v1-val"]);
  expect(() => idsOf("mobilsam")).toThrow("unknown download: mobilsam; did you mean mobilesam?");
  expect(() => idsOf("sam-nano")).toThrow("sam-nano: no published checkpoint is known");
});

test("nothing to pull, and a hash that is none, are mistakes", async () => {
  await expect(here("pull", {})).rejects.toThrow("pull: nothing is named");
  await expect(here("pull", { id: ["mobilesam"], sha256: "abc" })).rejects.toThrow("--sha256: not a SHA-256");
  await expect(here("pull", { id: ["mobilesam", "sam-vit-b"], sha256: "0".repeat(64) })).rejects.toThrow(
    "--sha256: is of one file (found mobile_sam, sam_vit_b_01ec64)",
  );
});

async function here(name: keyof typeof commands, args: Arguments): Promise<{ out: string; notes: string }> {
  const command = await commands[name]();
  const console = memoryConsole();
  const defaults = Object.entries(command.options).flatMap(([option, { default: value }]) =>
    value === undefined ? [] : [[option, value]],
  );
  expect(await command.run({ ...Object.fromEntries(defaults), ...args }, console)).toBe(0);
  return console.said;
}

/** A module whose one preset is MobileSAM at toy size with a published checkpoint, and that checkpoint on seeded values. */
async function smallMobileSam(): Promise<string> {
  const { plugin, preset } = variantOf(await loadRegistry(), "mobilesam-nano");
  await writeSeededCheckpoint(join(folder, "mobile_sam_small.pt"), plugin, preset);
  const file = join(folder, "small.mts");
  const published = {
    id: "mobile_sam_small",
    url: "https://example.org/mobile_sam_small.pt",
    sha256: "0".repeat(64),
    licence: "Apache-2.0",
  };
  writeFileSync(
    file,
    `import plugin from ${JSON.stringify(pathToFileURL(join(projectRoot, "variants/mobilesam/variant.ts")).href)};
    const { nanoWeights, ...preset } = plugin.presets.find(({ id }) => id === "mobilesam-nano");
    export default {
      presets: [{ ...preset, id: "mobilesam-small", size: "full", published: ${JSON.stringify(published)} }],
      build: (context) => plugin.build({ ...context, preset }),
      load: (graphs, runtime) => plugin.load(graphs, runtime, preset),
      loadRaw: (graphs, runtime) => plugin.loadRaw(graphs, runtime, preset),
    };`,
  );
  return file;
}
