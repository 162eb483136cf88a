import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint, GraphKind, OnnxGraph, VariantPlugin } from "../../harness/api.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { geometryOf, toModelFrame } from "../../harness/image/index.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { loadRegistry } from "../../harness/plan/plugins/registry.ts";
import { seededCheckpoint, type TensorShapes } from "../../harness/weights/index.ts";
import {
  architecturesFitting,
  nodesOf,
  noise,
  parametersOf,
  publishedShapes,
  unreadCheckpoint,
  writeAll,
  writeTorch,
} from "../fixtures/trial.ts";
import {
  graphsOf as builtGraphs,
  cpu,
  expectAlike,
  expectSameWeights,
  kinds,
  presetOf,
  tolerance,
} from "../sam2-decoder/fixtures/plugin.ts";
import { videoMemory } from "../sam2-decoder/videoMemory.ts";
import { type Sam2Config, sam2Configs } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { referenceImageEncoder } from "./reference.ts";
import sam2 from "./variant.ts";

const plugin: VariantPlugin & Pick<Required<VariantPlugin>, "loadRaw"> = sam2;
const nanoId = "sam2.1-nano";
/** Names that SAM 2.1 has and SAM 2 has not. */
const added = /^(no_obj_embed_spatial|obj_ptr_tpos_proj\.(weight|bias))$/;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file with the published names", () => {
  test.each([
    ["sam2.1-t", "tiny", "38,962,498"],
    ["sam2.1-s", "small", "46,060,354"],
  ])("fits %s alone, nested under model, and bench inspect says so", async (id, size, parameters) => {
    const file = writeTorch(join(folder, `${size}.pt`), published(size), "model");
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    expect(console.said.out).toMatch(new RegExp(`^variant +${id}$`, "m"));
    expect(console.said.out).toMatch(new RegExp(`^parameters +${parameters}$`, "m"));
    expect(await architecturesFitting(file)).toEqual([id]);
  });

  test("fits SAM 2 alone without what SAM 2.1 added to its video memory", async () => {
    const older = [...published("tiny")].filter(([name]) => !added.test(name));
    expect(await architecturesFitting(writeTorch(join(folder, "older.pt"), new Map(older), "model"))).toEqual([
      "sam2-t",
    ]);
  });

  test("is refused as another variant, with the name of its own", async () => {
    const registry = await loadRegistry();
    const file = writeTorch(join(folder, "refused.pt"), published("tiny"), "model");
    const weights = { source: "checkpoint", file } as const;
    for (const id of ["sam2-t", "sam2.1-s", "sam-vit-b"])
      await expect(openWeights({ variant: registry.variants.get(id)!, weights }, registry)).rejects.toMatchObject({
        hint: expect.stringMatching(/^this is a checkpoint of sam2\.1-t( or |$)/),
      });
  });

  test("is refused with one weight more than it should have", async () => {
    const more = new Map([...published("tiny"), ["image_encoder.extra", [2]] as const]);
    expect(await architecturesFitting(writeTorch(join(folder, "more.pt"), more, "model"))).toEqual([]);
  });
});

test.each([
  ["t", "tiny", 27_219_136],
  ["s", "small", 34_316_992],
])("sam2.1-%s takes all of its file but video memory", async (size, file, encoder) => {
  const shapes = published(file);
  const used = [...shapes].filter(([name]) => !videoMemory.test(name) && !added.test(name));
  for (const kind of kinds) {
    const graphs = await graphsOf(`sam2.1-${size}`, kind);
    const taken = new Map(graphs.flatMap(({ counts }) => [...counts.parameters]));
    const gaussian = "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";
    expect([...taken.keys(), gaussian].sort()).toEqual(used.map(([name]) => name).sort());
    expect(parametersOf(graphs)).toBe(encoder + 4_221_329 + 256);
  }
});

test.each([
  ["b+", 69_106_816],
  ["l", 212_703_280],
])(
  "sam2.1-%s has the image encoder's parameters of the authors' module, and SAM 2's are as many",
  async (size, encoder) => {
    for (const id of [`sam2.1-${size}`, `sam2-${size}`])
      for (const kind of kinds) expect(parametersOf(await graphsOf(id, kind))).toBe(encoder + 4_221_329 + 256);
  },
);

test("each published size is there twice, once a release, on its own file", () => {
  const own = plugin.presets.filter(({ base }) => base === undefined);
  expect(own.map(({ id, published }) => [id, published?.url.split("/").slice(-2).join("/")])).toEqual([
    ["sam2.1-t", "092824/sam2.1_hiera_tiny.pt"],
    ["sam2.1-s", "092824/sam2.1_hiera_small.pt"],
    ["sam2.1-b+", "092824/sam2.1_hiera_base_plus.pt"],
    ["sam2.1-l", "092824/sam2.1_hiera_large.pt"],
    ["sam2-t", "072824/sam2_hiera_tiny.pt"],
    ["sam2-s", "072824/sam2_hiera_small.pt"],
    ["sam2-b+", "072824/sam2_hiera_base_plus.pt"],
    ["sam2-l", "072824/sam2_hiera_large.pt"],
    [nanoId, undefined],
  ]);
  const others = plugin.presets.filter(({ base }) => base !== undefined);
  expect(others.map(({ id, base, published }) => [id, base, published])).toEqual(
    own.map(({ id }) => [`${id}/token0`, id, undefined]),
  );
});

test("points are scaled by the square's side over the image's, each axis apart", () => {
  const { input } = preset("sam2.1-t");
  const geometry = geometryOf({ height: 480, width: 640 }, input);
  const { points } = toModelFrame({ frame: "image", points: [{ x: 320, y: 120, label: 1 }] }, geometry);
  expect(points).toEqual([{ x: 512, y: 256, label: 1 }]);
});

describe("sam2.1-nano", () => {
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

  test("gives the ends of its stages only where bench verify asks", async () => {
    for (const kind of kinds) {
      const all = (await graphsOf(nanoId, kind, { outputs: "all" }))[0]!.outputs.map(({ name }) => name);
      const run = (await graphsOf(nanoId, kind))[0]!.outputs.map(({ name }) => name);
      expect(run).toEqual(["image_embedding", "high_res_features.0", "high_res_features.1"]);
      expect(all).toEqual([...run, ...[0, 1, 2, 3].map((stage) => `trunk_stages.${stage}`)]);
    }
  });
});

test.each<[string, Partial<Sam2Config>]>([
  ["windows that fill every grid", { windows: [8, 4, 8, 4] }],
  ["fine windows that are no runs of tokens", { windows: [16, 4, 6, 3] }],
  ["no global blocks, two heads at first and one block a stage", { globalBlocks: [], heads: 2, depths: [1, 1, 1, 1] }],
])("both graphs encode alike with %s", async (_, changed) => {
  const config: Sam2Config = { ...sam2Configs.nano, ...changed };
  const image = noise([1, 3, 256, 256]);
  const [fused, reference] = await Promise.all(
    [imageEncoder, referenceImageEncoder].map(async (encoder) => {
      const files = writeAll([encoder(config, seededCheckpoint(), "embeddings and stages")], folder);
      const raw = await plugin.loadRaw(files, cpu, preset(nanoId));
      const outputs = await raw.encode(image);
      await raw.close();
      return outputs;
    }),
  );
  expect(Object.keys(fused!)).toEqual(Object.keys(reference!));
  for (const [name, output] of Object.entries(fused!))
    expect([name, differenceOf(output, reference![name]!) < tolerance]).toEqual([name, true]);
});

test("cells that are computed in parts give what they give together", async () => {
  const image = noise([1, 3, 256, 256]);
  const sizes = [2 ** 30, 2 ** 18];
  const graphs = sizes.map((bytes) => imageEncoder(sam2Configs.nano, seededCheckpoint(), "embeddings", bytes));
  const gathered = graphs.map(
    (graph) => graph.nodes.filter(({ operator }) => operator === "LayerNormalization").length,
  );
  // All 64 cells at a time, and 8; four blocks are computed so, and four after them.
  expect(gathered).toEqual([2 * (4 + 4), 2 * (8 * 4 + 4)]);
  const embeddings = await Promise.all(
    graphs.map(async (graph) => {
      const raw = await plugin.loadRaw(writeAll([graph], folder), cpu, preset(nanoId));
      const { image_embedding } = await raw.encode(image);
      await raw.close();
      return image_embedding!;
    }),
  );
  expect(differenceOf(embeddings[0]!, embeddings[1]!)).toBeLessThan(tolerance);
});

// Seeded values hardly see some of these constants, so that the graphs are asked.
describe("constants of the published code", () => {
  test("positions are stretched bicubic, maps in the neck by the nearest value", async () => {
    const resizes = nodesOf(await graphsOf(nanoId, "reference"), "encoder", "Resize");
    expect(resizes.map(({ attributes }) => attributes)).toEqual([
      {
        mode: "cubic",
        coordinate_transformation_mode: "pytorch_half_pixel",
        cubic_coeff_a: { float: -0.75 },
        nearest_mode: "floor",
      },
      { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    ]);
  });

  test("GELU is exact, once a block", async () => {
    const blocks = 1 + 2 + 3 + 2;
    const fused = await graphsOf(nanoId, "fused");
    expect(nodesOf(fused, "encoder", "BiasGelu")).toHaveLength(blocks);
    expect(nodesOf(fused, "encoder", "Tanh")).toEqual([]);
    expect(nodesOf(await graphsOf(nanoId, "reference"), "encoder", "Erf")).toHaveLength(blocks);
  });

  test.each(kinds)("the predicted IoU alone goes through a sigmoid, %s", async (kind) => {
    expect(nodesOf(await graphsOf(nanoId, kind), "decoder", "Sigmoid")).toHaveLength(1);
  });
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const context = { preset: preset("sam2.1-b+"), checkpoint: seededCheckpoint(), graph: "fused" as const };
  const out = { write: async () => undefined };
  await expect(plugin.build({ ...context, out, side: 1000 })).rejects.toThrow(
    "sam2.1-b+: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

test("building reads no tensor", async () => {
  const checkpoint = unreadCheckpoint();
  for (const kind of kinds) expect((await graphsOf("sam2.1-t", kind, { checkpoint })).length).toBeGreaterThan(1);
});

const preset = (id: string) => presetOf(plugin, id);

interface Asked {
  readonly checkpoint?: Checkpoint;
  readonly outputs?: "all";
}

function graphsOf(id: string, graph: GraphKind, asked: Asked = {}): Promise<readonly OnnxGraph[]> {
  return builtGraphs(plugin, { id, graph, ...asked });
}

/** Returns the names and shapes of the authors' state dict. */
function published(size: string): TensorShapes {
  return publishedShapes(fileURLToPath(new URL(`fixtures/sam2.1_hiera_${size}.json`, import.meta.url)));
}
