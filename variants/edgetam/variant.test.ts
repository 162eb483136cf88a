import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphKind, VariantPlugin } from "../../harness/api.ts";
import { readFixture } from "../../harness/build/verification/referenceValues.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { seededCheckpoint, type TensorShapes } from "../../harness/weights/index.ts";
import { architecturesFitting, nodesOf, parametersOf, unreadCheckpoint, writeTorch } from "../fixtures/trial.ts";
import { expectAlike, expectSameWeights, graphsOf, kinds, presetOf } from "../sam2-decoder/fixtures/plugin.ts";
import { videoMemory } from "../sam2-decoder/videoMemory.ts";
import edgeTam from "./variant.ts";

const plugin: VariantPlugin = edgeTam;
const nanoId = "edgetam-nano";

/** Names and shapes of the authors' state dict. */
const published: TensorShapes = new Map(
  Object.entries(readFixture(fileURLToPath(new URL("fixtures/edgetam.json", import.meta.url))).stateDict),
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-edgetam-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file with the published names", () => {
  test("fits edgetam alone, nested under model, and bench inspect says so", async () => {
    const file = writeTorch(join(folder, "edgetam.pt"), published, "model");
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    expect(console.said.out).toMatch(/^variant +edgetam$/m);
    expect(console.said.out).toMatch(/^parameters +13,895,794$/m);
    expect(await architecturesFitting(file)).toEqual(["edgetam"]);
  });

  test("is refused as another variant, with the name of its own", async () => {
    const registry = await loadRegistry();
    const file = writeTorch(join(folder, "refused.pt"), published, "model");
    const weights = { source: "checkpoint", file } as const;
    for (const id of ["sam2.1-t", "edgesam", "efficienttam-ti", nanoId])
      await expect(openWeights({ variant: variantOf(registry, id), weights }, registry)).rejects.toMatchObject({
        hint: expect.stringMatching(/^this is a checkpoint of edgetam( or |$)/),
      });
  });

  test.each([
    ["image_encoder.extra", [2]],
    ["no_obj_embed_spatial", [1, 64]],
    ["obj_ptr_tpos_proj.bias", [64]],
  ])("fits nothing with %s, which SAM 2.1 or nobody has", async (name, dims) => {
    const file = writeTorch(join(folder, "more.pt"), new Map([...published, [name, dims]]), "model");
    expect(await architecturesFitting(file)).toEqual([]);
  });
});

test.each(kinds)("all of the file is taken but video memory and counters, %s", async (graph) => {
  const graphs = await graphsOf(plugin, { id: "edgetam", graph });
  const taken = graphs.flatMap(({ counts }) => [...counts.parameters.keys()]);
  const left = /^spatial_perceiver\.|\.num_batches_tracked$|\.running_(mean|var)$/;
  const gaussian = "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";
  const used = [...published.keys()].filter((name) => !videoMemory.test(name) && !left.test(name));
  expect([...new Set([...taken, gaussian])].sort()).toEqual(used.sort());
  expect(parametersOf(graphs)).toBe(4_899_056 + 4_221_329 + 256);
});

test("the checkpoint is there twice: as SAM 2's predictor chooses the single mask, and with token 0", () => {
  expect(plugin.presets.map(({ id, base, published: file }) => [id, base, file?.url.split("/").at(-1)])).toEqual([
    ["edgetam", undefined, "edgetam.pt"],
    ["edgetam/token0", "edgetam", undefined],
    [nanoId, undefined, undefined],
    [`${nanoId}/token0`, nanoId, undefined],
  ]);
});

describe("edgetam-nano", () => {
  test("takes the same weights for both graphs, and a file of them fits it alone", () =>
    expectSameWeights(plugin, nanoId, folder));

  test("encodes an image and decodes prompts with and without a mask alike in both graphs", () =>
    expectAlike(plugin, nanoId, {
      folder,
      encoded: [
        ["image_embedding", [1, 64, 16, 16]],
        ["high_res_features.0", [1, 8, 64, 64]],
        ["high_res_features.1", [1, 16, 32, 32]],
      ],
    }));

  test.each(kinds)("gives the ends of its stages only where bench verify asks, %s", async (graph) => {
    const outputsOf = async (outputs?: "all") =>
      (await graphsOf(plugin, { id: nanoId, graph, outputs }))[0]!.outputs.map(({ name, dims }) => [name, dims]);
    const run = await outputsOf();
    expect(run.map(([name]) => name)).toEqual(["image_embedding", "high_res_features.0", "high_res_features.1"]);
    expect((await outputsOf("all")).slice(run.length)).toEqual([
      ["trunk_stages.0", [1, 24, 64, 64]],
      ["trunk_stages.1", [1, 48, 32, 32]],
      ["trunk_stages.2", [1, 96, 16, 16]],
      ["trunk_stages.3", [1, 192, 8, 8]],
    ]);
  });
});

test("branches of token mixers and convolutions of high-resolution maps are joined in the measured graph", async () => {
  const countOf = async (graph: GraphKind) =>
    nodesOf(await graphsOf(plugin, { id: "edgetam", graph }), "encoder", "Conv").length;
  const mixers = 2 + 2 + 14 + 2 + 3;
  const maps = 2;
  expect((await countOf("reference")) - (await countOf("fused"))).toBe(mixers + maps);
});

// Seeded values hardly see some of these constants, so that the graphs are asked.
describe.each(kinds)("constants of the published code, %s", (graph) => {
  test("squeeze-excite is in every other block from a stage's first on, with ReLU and a plain sigmoid", async () => {
    const graphs = await graphsOf(plugin, { id: "edgetam", graph });
    for (const operator of ["Sigmoid", "Relu"])
      expect(nodesOf(graphs, "encoder", operator)).toHaveLength(1 + 1 + 7 + 1);
  });

  test("the coarsest map is enlarged by the nearest value", async () => {
    const [resize, ...others] = nodesOf(await graphsOf(plugin, { id: nanoId, graph }), "encoder", "Resize");
    expect(others).toEqual([]);
    expect(resize!.attributes).toEqual({
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
  });

  test("GELU is the error function's, in the stem, each block and each step between stages", async () => {
    const graphs = await graphsOf(plugin, { id: "edgetam", graph });
    const gelus = nodesOf(graphs, "encoder", graph === "fused" ? "Gelu" : "Erf");
    expect(gelus).toHaveLength(1 + 20 + 3 + 3);
    for (const { attributes } of gelus) expect(attributes.approximate).toBeUndefined();
    expect(nodesOf(graphs, "encoder", "Tanh")).toEqual([]);
  });

  test("the predicted IoU alone goes through a sigmoid", async () => {
    expect(nodesOf(await graphsOf(plugin, { id: nanoId, graph }), "decoder", "Sigmoid")).toHaveLength(1);
  });
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const context = { preset: presetOf(plugin, "edgetam"), checkpoint: seededCheckpoint(), graph: "fused" as const };
  await expect(plugin.build({ ...context, out: { write: async () => undefined }, side: 1000 })).rejects.toThrow(
    "edgetam: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

test("building reads no tensor", async () => {
  const checkpoint = unreadCheckpoint();
  for (const graph of kinds)
    expect((await graphsOf(plugin, { id: "edgetam", graph, checkpoint })).length).toBeGreaterThan(1);
});
