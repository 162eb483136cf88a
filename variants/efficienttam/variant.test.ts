import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VariantPlugin } from "../../harness/api.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { geometryOf, toModelFrame } from "../../harness/image/index.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
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
  cpu,
  expectAlike,
  expectSameWeights,
  graphsOf,
  kinds,
  presetOf,
  tolerance,
} from "../sam2-decoder/fixtures/plugin.ts";
import { videoMemory } from "../sam2-decoder/videoMemory.ts";
import { type EfficientTamConfig, efficientTamConfigs } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { referenceImageEncoder } from "./reference.ts";
import efficientTam from "./variant.ts";

const plugin: VariantPlugin & Pick<Required<VariantPlugin>, "loadRaw"> = efficientTam;
const nanoId = "efficienttam-nano";

/** Names and shapes of the authors' state dict of Ti. */
const tiny: TensorShapes = publishedShapes(fileURLToPath(new URL("fixtures/efficienttam_ti.json", import.meta.url)));

/** S has the same names; its trunk is twice as wide. */
const small: TensorShapes = new Map(
  [...tiny].map(([name, dims]) => {
    const widened = /^image_encoder\.(trunk|neck\.convs\.0\.conv_1x1)\./.test(name);
    return [name, widened ? dims.map((dim) => ([192, 576, 768].includes(dim) ? 2 * dim : dim)) : dims];
  }),
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-efficienttam-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ["ti", tiny, "17,866,018"],
  ["s", small, "34,055,842"],
])("a file with the published names, %s", (size, shapes, parameters) => {
  const own = [`efficienttam-${size}`, `efficienttam-${size}-512`];

  test("fits its size at both input sides, whose files have one architecture, and bench inspect says so", async () => {
    const file = writeTorch(join(folder, `${size}.pt`), shapes, "model");
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    for (const id of own) expect(console.said.out).toMatch(new RegExp(`^variants? +.*${id}\\b`, "m"));
    expect(console.said.out).toMatch(new RegExp(`^parameters +${parameters}$`, "m"));
    expect([...(await architecturesFitting(file))].sort()).toEqual(own);
  });

  test("is refused as another variant, with the names of its own", async () => {
    const registry = await loadRegistry();
    const file = writeTorch(join(folder, "refused.pt"), shapes, "model");
    const weights = { source: "checkpoint", file } as const;
    const other = size === "ti" ? "efficienttam-s" : "efficienttam-ti-512";
    for (const id of [other, "efficientsam-ti", "sam2.1-t", "edgetam", nanoId])
      await expect(openWeights({ variant: variantOf(registry, id), weights }, registry)).rejects.toMatchObject({
        hint: expect.stringMatching(new RegExp(`^this is a checkpoint of .*efficienttam-${size}\\b`)),
      });
  });
});

test("the authors' files of other memory attention fit too, as images pass none of it", async () => {
  const other = new Map([...tiny].filter(([name]) => !name.startsWith("memory_attention.layers.0.")));
  const file = writeTorch(join(folder, "efficienttam_ti_1.pt"), other, "model");
  expect([...(await architecturesFitting(file))].sort()).toEqual(["efficienttam-ti", "efficienttam-ti-512"]);
});

test.each([
  ["sam_mask_decoder.conv_s0.bias", [32]],
  ["no_obj_embed_spatial", [1, 64]],
])("fits nothing with %s, which SAM 2.1 has", async (name, dims) => {
  const file = writeTorch(join(folder, "more.pt"), new Map([...tiny, [name, dims]]), "model");
  expect(await architecturesFitting(file)).toEqual([]);
});

test.each([
  ["ti", tiny, 6_163_840],
  ["s", small, 22_353_664],
] as const)("%s takes all of its file but video memory, at both input sides", async (size, shapes, encoder) => {
  const used = [...shapes.keys()].filter((name) => !videoMemory.test(name));
  const gaussian = "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";
  for (const id of [`efficienttam-${size}`, `efficienttam-${size}-512`])
    for (const graph of kinds) {
      const graphs = await graphsOf(plugin, { id, graph });
      const taken = graphs.flatMap(({ counts }) => [...counts.parameters.keys()]);
      expect([...new Set([...taken, gaussian])].sort()).toEqual(used.sort());
      expect(parametersOf(graphs)).toBe(encoder + 4_196_657 + 256);
    }
});

test("each published size is there twice, once an input side, on its own file", () => {
  const own = plugin.presets.filter(({ base }) => base === undefined);
  expect(own.map(({ id, input, published }) => [id, input.side, published?.url.split("/").at(-1)])).toEqual([
    ["efficienttam-ti", 1024, "efficienttam_ti.pt"],
    ["efficienttam-s", 1024, "efficienttam_s.pt"],
    ["efficienttam-ti-512", 512, "efficienttam_ti_512x512.pt"],
    ["efficienttam-s-512", 512, "efficienttam_s_512x512.pt"],
    [nanoId, 256, undefined],
  ]);
  const others = plugin.presets.filter(({ base }) => base !== undefined);
  expect(others.map(({ id, base, published }) => [id, base, published])).toEqual(
    own.map(({ id }) => [`${id}/token0`, id, undefined]),
  );
});

test("at 512 px prompts are in a frame of 512 px, and masks have 128 x 128 places", async () => {
  const { input } = presetOf(plugin, "efficienttam-ti-512");
  const geometry = geometryOf({ height: 480, width: 640 }, input);
  const { points } = toModelFrame({ frame: "image", points: [{ x: 320, y: 120, label: 1 }] }, geometry);
  expect(points).toEqual([{ x: 256, y: 128, label: 1 }]);
  for (const graph of kinds) {
    const graphs = await graphsOf(plugin, { id: "efficienttam-ti-512", graph });
    const outputs = graphs.flatMap((each) => each.outputs.map(({ name, dims }) => [each.name, name, dims]));
    expect(outputs).toContainEqual(["encoder", "image_embedding", [1, 256, 32, 32]]);
    expect(outputs).toContainEqual(["decoder", "low_res_masks", ["prompts", 4, 128, 128]]);
  }
});

describe(nanoId, () => {
  test("takes the same weights for both graphs, and a file of them fits it alone", () =>
    expectSameWeights(plugin, nanoId, folder));

  test("encodes an image and decodes prompts with and without a mask alike in both graphs", () =>
    expectAlike(plugin, nanoId, {
      folder,
      encoded: [["image_embedding", [1, 64, 16, 16]]],
    }));

  test.each(kinds)("gives the trunk's tokens as a map only where bench verify asks, %s", async (graph) => {
    const outputsOf = async (outputs?: "all") =>
      (await graphsOf(plugin, { id: nanoId, graph, outputs }))[0]!.outputs.map(({ name, dims }) => [name, dims]);
    expect(await outputsOf()).toEqual([["image_embedding", [1, 64, 16, 16]]]);
    expect((await outputsOf("all"))[1]).toEqual(["trunk_stages.0", [1, 64, 16, 16]]);
  });
});

test.each<[string, Partial<EfficientTamConfig>]>([
  ["windows that fill the grid", { window: 8 }],
  ["a window as large as the grid", { window: 16 }],
  ["windows alone", { globalBlocks: [] }],
  ["positions as they were trained", { side: 224 }],
])("both graphs encode alike with %s", async (_, changed) => {
  const config: EfficientTamConfig = { ...efficientTamConfigs[nanoId], ...changed };
  const image = noise([1, 3, config.side, config.side]);
  const [fused, reference] = await Promise.all(
    [imageEncoder, referenceImageEncoder].map(async (encoder) => {
      const files = writeAll([encoder(config, seededCheckpoint(), "embeddings and stages")], folder);
      const raw = await plugin.loadRaw(files, cpu, presetOf(plugin, nanoId));
      const outputs = await raw.encode(image);
      await raw.close();
      return outputs;
    }),
  );
  expect(Object.keys(fused!)).toEqual(Object.keys(reference!));
  for (const [name, output] of Object.entries(fused!))
    expect([name, differenceOf(output, reference![name]!) < tolerance]).toEqual([name, true]);
});

test("padding of windows is projected once in the measured graph, and attention is the runtime's operator", async () => {
  const graphs = await graphsOf(plugin, { id: "efficienttam-ti", graph: "fused" });
  expect(nodesOf(graphs, "encoder", "Concat")).toHaveLength(8);
  expect(nodesOf(graphs, "encoder", "MultiHeadAttention")).toHaveLength(12);
  expect(nodesOf(graphs, "encoder", "Softmax")).toEqual([]);
});

// Seeded values hardly see some of these constants, so that the graphs are asked.
describe("constants of the published code", () => {
  test("positions are stretched bicubic, without the class token's row", async () => {
    const graphs = await graphsOf(plugin, { id: "efficienttam-ti", graph: "reference" });
    const [resize, ...others] = nodesOf(graphs, "encoder", "Resize");
    expect(others).toEqual([]);
    expect(resize!.attributes).toEqual({
      mode: "cubic",
      coordinate_transformation_mode: "pytorch_half_pixel",
      cubic_coeff_a: { float: -0.75 },
      nearest_mode: "floor",
    });
  });

  test("every third block attends over the whole image, the others in windows of 14 x 14 that zeros fill up", async () => {
    for (const [id, grid, windows] of [
      ["efficienttam-ti", 64, 25],
      ["efficienttam-ti-512", 32, 9],
    ] as const) {
      const [encoder] = await graphsOf(plugin, { id, graph: "reference" });
      const softmaxes = encoder!.nodes.filter(({ operator }) => operator === "Softmax");
      const batches = softmaxes.map(({ outputs }) => encoder!.values.get(outputs[0]!)!.dims);
      const whole = [1, 3, grid ** 2, grid ** 2];
      const inWindows = [windows, 3, 14 ** 2, 14 ** 2];
      expect(batches).toEqual(Array.from({ length: 12 }, (_, i) => (i % 3 === 2 ? whole : inWindows)));
      const pads = nodesOf([encoder!], "encoder", "Pad");
      expect(pads).toHaveLength(8);
      // A pad without a value is one of zeros.
      for (const { inputs } of pads) expect(inputs).toHaveLength(2);
    }
  });

  test("GELU is exact, once a block", async () => {
    const fused = await graphsOf(plugin, { id: nanoId, graph: "fused" });
    expect(nodesOf(fused, "encoder", "BiasGelu")).toHaveLength(6);
    expect(nodesOf(fused, "encoder", "Tanh")).toEqual([]);
    const reference = await graphsOf(plugin, { id: nanoId, graph: "reference" });
    expect(nodesOf(reference, "encoder", "Erf")).toHaveLength(6);
  });

  test.each(kinds)("the predicted IoU alone goes through a sigmoid, %s", async (graph) => {
    expect(nodesOf(await graphsOf(plugin, { id: nanoId, graph }), "decoder", "Sigmoid")).toHaveLength(1);
  });
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const preset = presetOf(plugin, "efficienttam-ti-512");
  const context = { preset, checkpoint: seededCheckpoint(), graph: "fused" as const };
  await expect(plugin.build({ ...context, out: { write: async () => undefined }, side: 1000 })).rejects.toThrow(
    "efficienttam-ti-512: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

test("building reads no tensor", async () => {
  const checkpoint = unreadCheckpoint();
  for (const graph of kinds)
    expect((await graphsOf(plugin, { id: "efficienttam-s", graph, checkpoint })).length).toBeGreaterThan(1);
});
