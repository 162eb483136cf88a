import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeGraphs } from "../build/build.ts";
import { executedGmacs } from "../build/gmacs.ts";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import type { Profile } from "../profile/profile.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { profile } from "./profile.ts";
import { icicleOf, profileText } from "./text/models/profile.ts";

let home: string;
const before = { SAM_BENCH_HOME: process.env.SAM_BENCH_HOME, TMPDIR: process.env.TMPDIR };
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  // Nobody else's folders are among those that a profile might leave behind.
  Object.assign(process.env, { SAM_BENCH_HOME: home, TMPDIR: home });
});
afterAll(() => {
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  rmSync(home, { recursive: true });
});

const defaults = { variant: "sam-nano", weights: "auto", part: "encoder", rounds: 3, warmup: 1, threads: 1 };

async function profiled(args: Readonly<Record<string, unknown>> = {}): Promise<Profile> {
  const console = memoryConsole();
  expect(await profile.run({ ...defaults, json: true, ...args }, console)).toBe(0);
  return JSON.parse(console.said.out) as Profile;
}

const leftovers = () => readdirSync(home).filter((name) => name.startsWith("sam-bench-profile-"));

test("the blocks of sam-nano's encoder add up to its time and to its multiply-accumulates, by the checkpoint's names", async () => {
  const out = join(home, "charts");
  const found = await profiled({ out });
  const blocks = found.blocks.map(({ name }) => name);
  expect(blocks).toEqual([
    "image_encoder.patch_embed",
    "image_encoder.pos_embed",
    ...[0, 1, 2, 3, 4, 5].map((i) => `image_encoder.blocks.${i}`),
    "image_encoder.neck",
  ]);
  expect(found.run.n).toBe(3);
  // Other work only lowers the share: it may take the processor between two nodes.
  expect(found.inNodes.q3).toBeGreaterThan(0.9);
  const count = (entries: readonly { readonly nodes: number }[]) => entries.reduce((sum, { nodes }) => sum + nodes, 0);
  expect(count(found.blocks)).toBe(count(found.leaves));

  const variant = variantOf(await loadRegistry(), "sam-nano");
  const graphs = await describeGraphs({ variant, checkpoint: seededCheckpoint(), graph: "fused" });
  const { encode } = executedGmacs(graphs);
  for (const entries of [found.blocks, found.layers, found.operators, found.leaves, found.alike])
    expect(entries.reduce((all, { gmacs }) => all + gmacs, 0)).toBeCloseTo(encode, 9);
  expect(found.gmacs).toBeCloseTo(encode, 9);

  const weights = graphs.flatMap(({ counts }) => [...counts.parameters.keys()]);
  for (const { name } of found.layers) expect(weights.some((weight) => weight.startsWith(name))).toBe(true);
  expect(readdirSync(out).sort()).toEqual(
    ["blocks", "icicle"].flatMap((id) => [`${id}.png`, `${id}.svg`, `${id}.vl.json`]).concat("profile.json"),
  );
  expect(JSON.parse(readFileSync(join(out, "profile.json"), "utf8"))).toEqual(found);
  expect(leftovers()).toEqual([]);
});

test("products of integers are held against the rate of integers", async () => {
  const { ceilings, operators } = await profiled({ variant: "sam-fast/sam-nano", rounds: 1, warmup: 0 });
  expect(ceilings.int8).toBeGreaterThan(0);
  expect(operators.some(({ name, gmacs }) => /Integer|DynamicQuantize/.test(name) && gmacs > 0)).toBe(true);
});

test.each([
  [{ part: "decode" }, "unknown part of sam-nano: decode; did you mean decoder?"],
  [{ rounds: 0 }, "--rounds: must be a whole number (found 0, expected at least 1)"],
  [{ variant: "baseline/prompt" }, "baseline/prompt: is a floor, and has no graph"],
  [{ variant: "torch/sam-nano", weights: "seeded" }, "torch/sam-nano: another program runs it"],
  [{ variant: "sam-nano,mobilesam-nano" }, "sam-nano,mobilesam-nano: one variant is profiled at a time (found 2)"],
])("%o is the user's to mend", async (args, message) => {
  await expect(profile.run({ ...defaults, ...args }, memoryConsole())).rejects.toThrow(message);
});

const entry = {
  nodes: 3,
  timeMs: 812.5,
  share: 0.61,
  gmacs: 38.6,
  gmacsPerSecond: 47.5,
  ofCeiling: 0.42,
  liveBytes: 9e7,
};
const leaf = {
  ...entry,
  name: "lin1 FusedMatMul",
  block: "b",
  layer: "image_encoder.blocks.7.mlp.lin1",
  operator: "FusedMatMul",
};
const spread = { median: 1331, q1: 1300, q3: 1391, middleMean: 1330, n: 5 };
const example: Profile = {
  variant: "sam-vit-b",
  part: "encoder",
  stage: "encode",
  threads: 2,
  provider: "cpu",
  warmup: 2,
  run: spread,
  inNodes: { ...spread, median: 0.986 },
  plain: spread,
  profiled: { ...spread, median: 1344 },
  cost: { value: 1.01, low: 0.99, high: 1.03 },
  gmacs: 371.2,
  ceilings: { fp32: 113 },
  assignment: { graph: "encoder", nodes: 2, fallbacks: [], copies: { toProcessor: 0, toDevice: 0 }, runMs: 1344 },
  times: "work",
  blocks: [{ ...entry, name: "image_encoder.blocks.7" }],
  layers: [{ ...entry, name: leaf.layer, block: leaf.block }],
  operators: [{ ...entry, name: "Add", gmacs: 0, gmacsPerSecond: undefined, ofCeiling: undefined }],
  leaves: [leaf],
  alike: [{ ...entry, name: "image_encoder.blocks.*.mlp.lin1, FusedMatMul" }],
};

test("the text says first how long a run takes, what is unexplained, and what is slowest, with units", () => {
  const lines = profileText(example, { width: undefined, layers: "none" }).split("\n");
  expect(lines[0]).toBe("sam-vit-b, encoder: 1331 ms (median of 5 runs, quartiles 1300 to 1391), 371 GMACs, 2 threads");
  expect(lines[1]).toBe("98.6 % of it in nodes, 1.4 % unexplained; large products reach 113 GMAC/s in fp32 here");
  expect(lines[2]).toMatch(
    /^1\. image_encoder\.blocks\.\*\.mlp\.lin1, FusedMatMul: 813 ms, 61\.0 %, at 48 GMAC\/s, 42\.0 %/,
  );
  expect(lines.join("\n")).toContain("live MB: computed from live tensors, not measured");
});

test.each([80, 100, 200])("no line is wider than a terminal of %i columns", (width) => {
  for (const line of profileText(example, { width, layers: "all" }).split("\n"))
    expect(line.length).toBeLessThanOrEqual(width);
});

test("the icicle shows as large a share unexplained as the text says", () => {
  const { leaves, runMs } = icicleOf(example);
  const explained = leaves.reduce((sum, { timeMs }) => sum + timeMs, 0);
  expect(explained / runMs).toBeCloseTo(0.986, 9);
});

test("a ceiling below a rate is told, since other work slowed its measure", () => {
  const above = { ...example, blocks: [{ ...example.blocks[0]!, ofCeiling: 1.2 }] };
  const said = "other work slowed the products that gave the ceiling";
  expect(profileText(above, { width: undefined, layers: "none" })).toContain(said);
  expect(profileText(example, { width: undefined, layers: "none" })).not.toContain(said);
});

test("a profile of another provider says what ran elsewhere, and of a device that times nothing what its times are", () => {
  const assignment = {
    ...example.assignment,
    fallbacks: [{ operator: "Round", provider: "cpu", nodes: 1, ms: 0.5 }],
    copies: { toProcessor: 1, toDevice: 1 },
  };
  const onDevice = { ...example, provider: "webgpu", assignment, times: "handed over" as const };
  const text = profileText(onDevice, { width: undefined, layers: "none" });
  expect(text).toContain("on webgpu: 1 of 2 nodes of its encoder run on the processor (1 Round 0.5 ms)");
  expect(text).toContain("the device times nothing");
  expect(profileText(example, { width: undefined, layers: "none" })).not.toContain("on cpu");
});
