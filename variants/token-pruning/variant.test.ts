import { describe, expect, test } from "vitest";
import type { OnnxGraph } from "../../harness/api.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { structureHash } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { type SamConfig, samConfigs } from "../sam/config.ts";
import { imageEncoder } from "../sam/imageEncoder.ts";
import { samPresets } from "../sam/presets.ts";
import { errorInStd } from "../sam-tokens/fixtures/direct.ts";
import { expectAsDefined } from "./fixtures/asDefined.ts";
import { prunedImageEncoder } from "./imageEncoder.ts";
import { keptCount, type PruningMethod, rankingBlocks } from "./presets.ts";
import plugin from "./variant.ts";

const nano = samConfigs["sam-nano"];
/** Sizes with 10 x 10 tokens in windows of 4: there are blocks enough to rank twice. */
const padded: SamConfig = {
  side: 40,
  patch: 4,
  width: 24,
  depth: 8,
  heads: 2,
  window: 4,
  globalBlocks: [1, 4, 7],
  decoder: { ...nano.decoder, embedding: 16, side: 40, grid: 10 },
};
const methods: readonly PruningMethod[] = ["evit", "evovit"];

describe.each(methods)("%s is its definition", (method) => {
  test.each([
    ["padded windows", 0.25, padded],
    ["padded windows", 0.6, padded],
    ["padded windows", 0.99, padded],
  ] as const)("%s, keep rate %s", async (_, keepRate, config) => {
    await expectAsDefined(config, { method, keepRate });
  });

  test("at a keep rate of 1 it is SAM's encoder, node by node", () => {
    const pruned = prunedImageEncoder(nano, { method, keepRate: 1 }, seededCheckpoint());
    expect(structureHash(pruned)).toBe(structureHash(imageEncoder(nano, seededCheckpoint())));
  });
});

test("the two methods differ, and from SAM", async () => {
  const image = wave([1, 3, padded.side, padded.side]);
  const graphs = [
    ...methods.map((method) => prunedImageEncoder(padded, { method, keepRate: 0.5 }, seededCheckpoint())),
    imageEncoder(padded, seededCheckpoint()),
  ];
  const [evit, evovit, sam] = await Promise.all(
    graphs.map(async (graph) => Float64Array.from((await runGraph(graph, { image })).image_embedding!.data)),
  );
  for (const [a, b] of [
    [evit, evovit],
    [evit, sam],
    [evovit, sam],
  ])
    expect(errorInStd(a!, b!)).toBeGreaterThan(0.1);
});

test("tokens are ranked in the first windowed block after a global one", () => {
  expect(rankingBlocks(samConfigs["sam-vit-b"], "evit")).toEqual([3]);
  expect(rankingBlocks(samConfigs["sam-vit-b"], "evovit")).toEqual([3, 6, 9]);
  expect(rankingBlocks(nano, "evovit")).toEqual([3]);
});

test("every window keeps its share, at least one token, and fuses at least one", () => {
  expect([196, 112, 64].map((tokens) => keptCount(tokens, 0.25))).toEqual([49, 28, 16]);
  expect([keptCount(4, 0.05), keptCount(64, 0.999)]).toEqual([1, 63]);
});

test("GMACs fall with the keep rate", async () => {
  const counts = await Promise.all(
    ["evit/sam-vit-b/k1", "evit/sam-vit-b/k0.5", "evit/sam-vit-b", "evovit/sam-vit-b"].map(async (id) =>
      Math.round(macs(await encoderOf(id)) / 1e9),
    ),
  );
  expect(counts).toEqual([473, 303, 209, 227]);
});

test("the keep rate stands in the id, and a wrong one is refused", () => {
  expect(plugin.withOptions("evit/sam-nano", { "keep-rate": "0.5" })).toBe("evit/sam-nano/k0.5");
  expect(plugin.withOptions("evit/sam-nano/k0.5", { "keep-rate": "0.25" })).toBe("evit/sam-nano");
  expect(presetOf("evovit/sam-nano/k0.5")).toMatchObject({ base: "sam-nano", id: "evovit/sam-nano/k0.5" });
  expect(presetOf("evit/no-model")).toBeUndefined();
  expect(() => presetOf("evit/sam-nano/k0")).toThrow(
    "evit/sam-nano/k0: the keep rate is out of range (found 0, expected a number from 0.05 to 1)",
  );
  expect(() => presetOf("evit/sam-nano/half")).toThrow("not a setting of EViT (found half");
  expect(() => plugin.withOptions("evit/sam-nano", { "keep-rate": "1.5" })).toThrow(
    "--keep-rate: the keep rate is out of range",
  );
});

test("a model that is not SAM is refused by its name", () => {
  const modelOf = (id: string) => samPresets.find((each) => each.id === "sam-nano" && id === "mobilesam");
  expect(() => plugin.presetOf("evit/mobilesam", modelOf)).toThrow(
    "evit/mobilesam: ranks tokens by the attention of SAM's own encoder, which mobilesam has not",
  );
});

function presetOf(id: string) {
  return plugin.presetOf(id, () => undefined);
}

function macs({ counts }: OnnxGraph): number {
  return [...counts.macs().values()].reduce((sum, each) => sum + each, 0);
}

async function encoderOf(id: string): Promise<OnnxGraph> {
  const graphs = new Map<string, OnnxGraph>();
  const write = async (name: string, built: OnnxGraph) => void graphs.set(name, built);
  const preset = presetOf(id)!;
  await plugin.build({ preset, checkpoint: seededCheckpoint(), graph: "fused", out: { write } });
  return graphs.get("encoder")!;
}
