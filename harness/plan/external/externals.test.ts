import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolvePlan } from "../plan.ts";
import { loadRegistry, type Registry, variantOf } from "../plugins/registry.ts";
import type { RunFlags } from "../runFlags.ts";
import { refuseUnusedFiles } from "../unusedFlags.ts";
import { externalFiles, shownCommand } from "./externalCommand.ts";

const speaker = JSON.stringify(fileURLToPath(new URL("../../process/external/fixtures/speaker.mjs", import.meta.url)));

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-externals-"));
  registry = await loadRegistry();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a program that says this of itself, and returns its command. */
function program(name: string, supports: object, more = ""): string {
  const file = join(folder, `${name}.mjs`);
  const hello = JSON.stringify({ protocol: 1, name, versions: { engine: "1.2" }, supports });
  writeFileSync(file, `import { speak } from ${speaker}; ${more}; await speak({ hello: () => (${hello}) });`);
  return `node ${file}`;
}

const both = { tokens: { multimask: [1, 2, 3], single: [0] }, answers: "masks" };
const planOf = (flags: RunFlags) => resolvePlan({ dataset: "shapes", limit: 1, ...flags });

test("a program is asked what it is, and its row is the plan's as any other", async () => {
  const command = program("plain", both);
  const { chosen } = await planOf({ variants: "sam-nano,plain", external: [`plain=${command}`], threads: 3 });
  const { variant, weights, external } = chosen[1]!;
  expect(weights).toEqual({ source: "external" });
  expect(variant.preset).toMatchObject({ id: "plain", lacks: ["mask-input", "stability", "logits"] });
  expect(external!.description).toEqual({ name: "plain", versions: { engine: "1.2" }, supports: both });
  expect(external!.command.environment).toMatchObject({ OMP_NUM_THREADS: "3" });
  expect(shownCommand(external!)).toBe("node plain.mjs");
  const files = await externalFiles(external!);
  expect(files.map(({ name }) => name)).toEqual(["plain.mjs", "sam_bench_external.py"]);
  writeFileSync(join(folder, "plain.mjs"), "other bytes");
  expect((await externalFiles(external!))[0]!.sha256).not.toBe(files[0]!.sha256);
});

test("a protocol that needs what the answers lack is refused by name, with the reason", async () => {
  const one = `one=${program("one", { tokens: { multimask: [0] }, answers: "masks", box: false })}`;
  const asked = (flags: RunFlags) => planOf({ variants: "one", external: [one], ...flags });
  await expect(asked({ protocol: "miou-gtbox" })).rejects.toThrow(
    /one: can not be measured by protocol miou-gtbox.*no box-prompt/,
  );
  await expect(asked({ protocol: "anything-sa1b" })).rejects.toThrow(
    /one: can not be measured by protocol anything-sa1b.*no stability/,
  );
  await expect(asked({ prompts: "1p" })).rejects.toThrow(/need three masks/);
});

test("all starts no program, and one that is given and not named is refused", async () => {
  const flags = { variants: "sam-nano", external: ["mine=false"] };
  const plan = await planOf(flags);
  expect(plan.chosen.map(({ variant }) => variant.preset.id)).toEqual(["sam-nano"]);
  expect(() => refuseUnusedFiles(plan, flags)).toThrow("--external mine=…: mine is not measured");
  const all = await planOf({ variants: "all", external: ["mine=false"] });
  expect(all.chosen.filter(({ external }) => external !== undefined)).toEqual([]);
});

test("a name without its command is unknown: nothing that was stored brings one", async () => {
  await expect(planOf({ variants: "plain" })).rejects.toThrow(/unknown variant: plain/);
  await expect(planOf({ variants: "plain", shard: "1/2", phase: "accuracy" })).rejects.toThrow(
    /unknown variant: plain/,
  );
});

test("a name that is taken, or none, or no command, is refused", async () => {
  for (const [external, message] of [
    ["sam-nano=node x", /the id sam-nano is taken/],
    ["node x", /a name and a command are needed/],
    ["mine=", /a name and a command are needed/],
    ["a b=node x", /a name and a command are needed/],
  ] as const)
    await expect(planOf({ variants: "sam-nano", external: [external] })).rejects.toThrow(message);
});

test("a program that can not say what it is stays in the plan with its own words, and the others with it", async () => {
  const broken = `broken=${program("broken", both, 'console.error("No module named torch"); process.exit(1)')}`;
  const external = [broken, "gone=no-such-program-anywhere", `whole=${program("whole", both)}`];
  const { chosen } = await planOf({ variants: "broken,gone,whole", external });
  expect(chosen.map(({ external: answered }) => answered?.description.name)).toEqual([undefined, undefined, "whole"]);
  expect(chosen[0]!.unanswered!.reason.message).toBe(
    "broken: its own process ended (exit code 1; it printed last: No module named torch)",
  );
  expect(chosen[1]!.unanswered!.reason.message).toMatch(/exit code 127/);
});

test("a command of several words and signs is a shell's, and its folders are in no record", async () => {
  const external = [`piped=ENGINE=1 ${program("piped", both)} 'a b'`];
  const { chosen } = await planOf({ variants: "piped", external });
  expect(chosen[0]!.external!.command.words.slice(0, 2)).toEqual(["/bin/sh", "-c"]);
  expect(shownCommand(chosen[0]!.external!)).not.toContain(folder);
  expect((await externalFiles(chosen[0]!.external!)).map(({ name }) => name)).toContain("piped.mjs");
});

test("another provider than the processor is the program's own business", async () => {
  const flags = { variants: "plain", external: [`plain=${program("plain", both)}`], provider: "cuda" };
  await expect(planOf(flags)).rejects.toThrow(/plain: its program chooses its device by itself/);
});

test("ids of shipped programs name the preset that they stand beside, and a setting", () => {
  const { preset, external } = variantOf(registry, "torch/sam-nano/bf16");
  expect(preset).toMatchObject({ id: "torch/sam-nano/bf16", base: "sam-nano", title: "SAM nano, PyTorch bf16" });
  expect(external).toMatchObject({ setting: "bf16", sizes: { width: 96, depth: 6 }, takes: "weights" });
  expect(() => variantOf(registry, "torch/sam-nano/int8")).toThrow(
    /unknown setting \(found int8, expected compile or bf16\)/,
  );
  const graphs = variantOf(registry, "openvino/mobilesam-nano/bf16").external!;
  expect(graphs).toMatchObject({ setting: "bf16", sizes: { side: 512 }, takes: "reference graphs" });
  expect(graphs.files.map((file) => file.split("/").at(-1))).toEqual(["openvino_graphs.py", "graph_adapter.py"]);
  expect(() => variantOf(registry, "ort-python/sam-nano/bf16")).toThrow(/unknown setting \(found bf16/);
  expect(() => variantOf(registry, "torch/sam-huge")).toThrow(/torch has no such preset/);
  expect([...registry.variants.values()].filter((each) => each.external !== undefined)).toEqual([]);
});
