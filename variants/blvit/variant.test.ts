import { describe, expect, test } from "vitest";
import type { Checkpoint, GraphKind, OnnxGraph } from "../../harness/api.ts";
import { runGraph } from "../../harness/onnx/fixtures/runGraph.ts";
import { completedCheckpoint, seededCheckpoint } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";
import { errorInStd } from "../sam-tokens/fixtures/direct.ts";
import { type BlvitConfig, blvitConfigs, type LayerKind } from "./config.ts";
import { expectAsDefined, picture, tolerance, weights } from "./fixtures/asDefined.ts";
import { blvitImageEncoder } from "./imageEncoder.ts";
import plugin from "./variant.ts";

const nano = blvitConfigs["blvit-nano"];
/** Sizes of 10 x 10 tokens in windows of 4: some windows are whole, some are cut at a side, and one is cut at both. */
const padded: BlvitConfig = {
  ...nano,
  sam: {
    side: 40,
    patch: 4,
    width: 24,
    depth: 6,
    heads: 2,
    window: 4,
    globalBlocks: [2, 5],
    decoder: { ...samConfigs["sam-nano"].decoder, embedding: 16, side: 40, grid: 10 },
  },
  efficient: { width: 12, heads: 2 },
};

describe("the encoder is its definition", () => {
  test.each([
    ["padded windows", 0, padded],
    ["padded windows", 0.5, padded],
    ["padded windows", 0.75, padded],
    ["padded windows", 0.9, padded],
  ])("%s, prune ratio %s", async (_, pruneRatio, config) => {
    await expectAsDefined(config, pruneRatio);
  });

  // What the comparison above would not notice if it vanished.
  test.each([
    ["P-blocks' attention", "attn.proj.weight"],
    ["P-blocks' MLP", "mlp.lin2.weight"],
    ["E-blocks", "efficient.mlp.up.weight"],
    ["the fusion", "gamma"],
  ])("%s show in the result", async (_, name) => {
    const without: Checkpoint = {
      ...weights,
      take: (each, dims) => {
        const weight = weights.take(each, dims);
        const zero = each === `image_encoder.blocks.3.${name}`;
        return zero ? { ...weight, read: () => weight.read().fill(0) } : weight;
      },
    };
    const image = picture(padded);
    const [all, less] = await Promise.all(
      [weights, without].map((each) => runGraph(blvitImageEncoder(padded, 0.75, each), { image })),
    );
    const expected = Float64Array.from(all!.image_embedding!.data);
    expect(errorInStd(less!.image_embedding!.data, expected)).toBeGreaterThan(100 * tolerance);
  });
});

describe("layers as the paper counts them", () => {
  test.each([
    ["blvit/b+t", 12, 11, [1, 4, 7, 10]],
    ["blvit/h+b", 32, 12, [8, 16, 24]],
  ] as const)("%s has %i P-blocks and %i E-blocks", async (id, performance, efficient, predictions) => {
    const config = blvitConfigs[id];
    expect(config.layers.length).toBe(performance);
    expect(config.layers.filter((kind) => kind === "module").length).toBe(efficient);
    expect(config.predictions).toEqual(predictions);
    const names = [...(await encoderOf(id)).counts.parameters.keys()];
    const blocks = (pattern: RegExp) => new Set(names.flatMap((name) => pattern.exec(name)?.[1] ?? [])).size;
    expect(blocks(/blocks\.(\d+)\.attn\.qkv\.weight$/)).toBe(performance);
    expect(blocks(/blocks\.(\d+)\.efficient\.attn\.qkv\.weight$/)).toBe(efficient);
    expect(blocks(/blocks\.(\d+)\.prediction\.weight$/)).toBe(predictions.length);
  });

  test("H+B: nine plain layers, then a module every second layer", () => {
    const kinds: LayerKind[] = ["plain", "module", "selected", "module"];
    expect(blvitConfigs["blvit/h+b"].layers.slice(8, 12)).toEqual(kinds);
    expect(blvitConfigs["blvit/h+b"].layers.at(-1)).toBe("module");
  });
});

describe("GMACs", () => {
  // Reviewers of the paper: 6.5 N C² + N² C a layer at 25 %; relative positions are SAM's, and apart.
  test("a global module of B+T at 0.75 costs what the paper's reviewers count", () => {
    const config = blvitConfigs["blvit/b+t"];
    const tokens = 64 ** 2;
    const width = 768;
    const grid = 64;
    const difference = macs(blvitImageEncoder(config, 0.75, weights)) - macs(withPlainLayer(config, 5));
    const plain = 12 * tokens * width ** 2 + 2 * tokens ** 2 * width + 2 * tokens * width * grid;
    const bigLittle = 6.5 * tokens * width ** 2 + tokens ** 2 * width + 2 * (tokens / 4) * width * grid;
    const efficientPositions = 2 * tokens * 192 * grid;
    expect(difference).toBe(bigLittle + efficientPositions - plain);
  });

  test("fall with the prune ratio", async () => {
    const counts = await Promise.all(
      ["/p0", "/p0.25", "/p0.5", "", "/p0.9"].map(async (setting) => macs(await encoderOf(`blvit/b+t${setting}`))),
    );
    expect(counts.map((count) => Math.round(count / 1e9))).toEqual([554, 459, 363, 268, 211]);
  });
});

describe("settings", () => {
  const set = (id: string, values: Record<string, string>) => plugin.withOptions(id, values);

  test("flags become part of the id, and leave out what is the default", () => {
    expect(set("blvit/b+t", { "prune-ratio": "0.5" })).toBe("blvit/b+t/p0.5");
    expect(set("blvit/b+t", { "prune-ratio": "0.75" })).toBe("blvit/b+t");
    expect(set("blvit-nano", { "p-from": "sam-nano" })).toBe("blvit-nano/p0.75+sam-nano");
    expect(set("blvit/b+t/p0.5", { "p-from": "sam-vit-b" })).toBe("blvit/b+t/p0.5+sam-vit-b");
    expect(set("blvit/b+t/p0.5+sam-vit-b", { "prune-ratio": "0" })).toBe("blvit/b+t/p0+sam-vit-b");
  });

  test("wrong ones are refused", () => {
    expect(plugin.presetOf("sam-vit-b/p0.5")).toBeUndefined();
    expect(() => plugin.presetOf("blvit/b+t/p0.95")).toThrow(
      "blvit/b+t/p0.95: the prune ratio is out of range (found 0.95, expected a number from 0 to 0.9)",
    );
    expect(() => plugin.presetOf("blvit/b+t/0.5")).toThrow("not a setting of big.LITTLE ViT (found 0.5");
    expect(() => plugin.presetOf("blvit/b+t/p0.5+sam-vit-h")).toThrow(
      "its P-blocks do not come from sam-vit-h (expected sam-vit-b)",
    );
    expect(() => set("blvit/b+t", { "prune-ratio": "half" })).toThrow("--prune-ratio: the prune ratio is out of range");
    expect(() => set("blvit/b+t", { "p-from": "mobilesam" })).toThrow("do not come from mobilesam");
  });

  test("a checkpoint of the preset serves every ratio; one of SAM's is only a part", () => {
    expect(plugin.presetOf("blvit/b+t/p0.5")).toMatchObject({ base: "blvit/b+t" });
    expect(plugin.presetOf("blvit/b+t/p0.5")!.remainder).toBeUndefined();
    expect(plugin.presetOf("blvit/b+t/p0.5+sam-vit-b")).toMatchObject({ base: "sam-vit-b", remainder: "seeded" });
  });
});

test("with P-blocks of a SAM, every tensor of that SAM has its place", async () => {
  const { default: sam } = await import("../sam/variant.ts");
  const taken = new Map<string, readonly number[]>();
  const recording: Checkpoint = {
    ...seededCheckpoint(),
    take: (name, dims) => {
      taken.set(name, dims);
      return seededCheckpoint().take(name, dims);
    },
  };
  const out = { write: async () => undefined };
  const samNano = sam.presets.find(({ id }) => id === "sam-nano")!;
  await sam.build({ preset: samNano, checkpoint: recording, graph: "fused", out });
  const used = new Set<string>();
  const own: Checkpoint = {
    ...seededCheckpoint(),
    dims: (name) => taken.get(name),
    take: (name, dims) => {
      used.add(name);
      expect(dims).toEqual(taken.get(name));
      return seededCheckpoint().take(name, dims);
    },
  };
  const preset = plugin.presetOf("blvit-nano/p0.5+sam-nano")!;
  const checkpoint = completedCheckpoint(own);
  expect(checkpoint.source).toBe("seeded");
  await plugin.build({ preset, checkpoint, graph: "fused", out });
  expect([...used].sort()).toEqual([...taken.keys()].sort());
});

test("there is no reference graph, since no code was published", async () => {
  const out = { write: async () => undefined };
  const [preset] = plugin.presets;
  await expect(plugin.build({ preset: preset!, checkpoint: weights, graph: "reference", out })).rejects.toThrow(
    "blvit/b+t: has no reference graph",
  );
});

function withPlainLayer(config: BlvitConfig, index: number): OnnxGraph {
  return blvitImageEncoder({ ...config, layers: config.layers.with(index, "plain") }, 0.75, weights);
}

function macs({ counts }: OnnxGraph): number {
  return [...counts.macs().values()].reduce((sum, each) => sum + each, 0);
}

async function encoderOf(id: string, graph: GraphKind = "fused"): Promise<OnnxGraph> {
  const preset = plugin.presets.find((each) => each.id === id) ?? plugin.presetOf(id)!;
  const graphs = new Map<string, OnnxGraph>();
  const write = async (name: string, built: OnnxGraph) => void graphs.set(name, built);
  await plugin.build({ preset, checkpoint: weights, graph, out: { write } });
  return graphs.get("encoder")!;
}
