import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { loadRegistry, type Registry } from "../plugins/registry.ts";
import { chooseWeights, type WeightsChoice } from "./weights.ts";

let folder: string;
let registry: Registry;

/** The toy plug-in builds nothing: a plug-in with one nano preset that no weights were trained for. */
const toy = `export default {
  presets: [{ id: "toy", title: "Toy", paper: { title: "A paper" }, size: "nano", lacks: [], notes: [],
    input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
    mask: { path: "direct", interpolation: "bilinear", threshold: ">0" } }],
  build: async () => {}, load: async () => {}, loadRaw: async () => {} };`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  writeFileSync(join(folder, "toy.mjs"), toy);
  registry = await loadRegistry([join(folder, "toy.mjs")]);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  const home = mkdtempSync(join(folder, "home-"));
  mkdirSync(join(home, "checkpoints"));
  vi.stubEnv("SAM_BENCH_HOME", home);
});
afterEach(() => vi.unstubAllEnvs());

const trained = ["blvit-nano", "efficientsam-nano", "mobilesam-nano", "sam-lightening-nano", "sam-nano"];
const methods = [
  "ptq4sam/sam-nano/w8a8",
  "ptq4sam/sam-nano/w4a4",
  "sam-fast/sam-nano",
  "sam-fast/sam-nano/per-token",
  "sparsevit/sam-nano",
  "evit/sam-nano",
  "evovit/sam-nano",
];

test("all is the five trained small models and then the methods on one of them, where no checkpoint is here", async () => {
  const { rows } = await choice("all");
  expect(rows).toEqual([...trained, ...methods].map((id) => `${id} nano`));
});

test("published checkpoints that are here come first among all, the methods on them after all models", async () => {
  // Of a chosen checkpoint only the file's place is read.
  writeFileSync(join(process.env.SAM_BENCH_HOME!, "checkpoints", "mobile_sam.pt"), "");
  writeFileSync(join(process.env.SAM_BENCH_HOME!, "checkpoints", "sam_vit_b_01ec64.pth"), "");
  const { rows } = await choice("all");
  expect(rows.slice(0, 7)).toEqual([
    "mobilesam checkpoint",
    "sam-vit-b checkpoint",
    ...trained.map((id) => `${id} nano`),
  ]);
  const onCheckpoint = rows.slice(7).filter((row) => row.endsWith("checkpoint"));
  expect(onCheckpoint).toContain("sam-fast/sam-vit-b checkpoint");
  expect(rows.slice(7 + onCheckpoint.length)).toEqual(methods.map((id) => `${id} nano`));
});

test("a nano preset without trained weights is left out of all with the command that runs it, and runs where it is named", async () => {
  const { rows, leftOut } = await choice("all");
  expect(rows.join()).not.toContain("toy");
  expect(leftOut).toContainEqual({
    variant: "toy",
    reason: "a nano preset without trained weights",
    command: "bench run --variants toy, for latency and memory alone",
  });
  expect((await choice("toy")).rows).toEqual(["toy seeded"]);
  expect((await choice("all,toy")).rows).toEqual([
    ...(await choice("all")).rows.slice(0, 5),
    "toy seeded",
    ...rows.slice(5),
  ]);
});

test("a setting that is named beside all is measured with it", async () => {
  const { rows } = await choice("all,evit/sam-nano/k0.5");
  expect(rows).toEqual([...trained, ...methods, "evit/sam-nano/k0.5"].map((id) => `${id} nano`));
});

test("with seeded weights all is the full-size models alone", async () => {
  const { rows, leftOut } = await choice("all", "seeded");
  expect(rows).toContain("sam-vit-b seeded");
  expect(rows.filter((row) => /nano|toy/.test(row))).toEqual([]);
  const left = leftOut.map(({ variant }) => variant);
  expect(left).toEqual(expect.arrayContaining([...trained, ...methods, "toy"]));
  expect(leftOut.find(({ variant }) => variant === "mobilesam-nano")).toEqual({
    variant: "mobilesam-nano",
    reason: "a nano preset, not at full size",
    command: "bench run --variants mobilesam-nano --weights seeded",
  });
});

test("a model that is named beside all and has no weights is an error, not one of those left out", async () => {
  await expect(choice("all,sam-vit-h")).rejects.toThrow("sam-vit-h: no checkpoint here");
});

test("named variants stay in the order in which they are named", async () => {
  const { rows } = await choice("evit/sam-nano,sam-nano,blvit-nano");
  expect(rows).toEqual(["evit/sam-nano nano", "sam-nano nano", "blvit-nano nano"]);
});

async function choice(variants: string, weights: WeightsChoice = "auto") {
  const flags = { variants: variants.split(","), weights, checkpoints: new Map<string, string>() };
  const { chosen, leftOut } = await chooseWeights(registry, flags);
  return { rows: chosen.map((each) => `${each.variant.preset.id} ${each.weights.source}`), leftOut };
}
