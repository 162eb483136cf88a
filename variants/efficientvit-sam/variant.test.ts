import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint, GraphKind, OnnxGraph, VariantPlugin } from "../../harness/api.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { loadRegistry } from "../../harness/plan/plugins/registry.ts";
import { seededCheckpoint, shapesTaken, type TensorShapes } from "../../harness/weights/index.ts";
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
import { type EfficientVitSamConfig, efficientVitSamConfigs } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { referenceImageEncoder } from "./reference.ts";
import efficientVitSam from "./variant.ts";

const plugin: VariantPlugin & Pick<Required<VariantPlugin>, "loadRaw"> = efficientVitSam;
const nanoId = "efficientvit-sam-nano";
const cpu = { provider: "cpu", threads: 2 };
const kinds: readonly GraphKind[] = ["fused", "reference"];
/** The largest error allowed, over the output's std: float32 sums in another order come to less. */
const tolerance = 2e-5;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file with the published names", () => {
  test.each([
    ["l0", "plain", undefined, "34,792,784"],
    ["l0", "nested", "state_dict", "34,792,784"],
    ["xl0", "plain", undefined, "116,957,904"],
    ["xl0", "nested", "state_dict", "116,957,904"],
  ])("fits efficientvit-sam-%s alone, %s, and bench inspect says so", async (size, layout, nesting, parameters) => {
    const file = writeTorch(join(folder, `${size}-${layout}.pt`), published(size), nesting);
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    expect(console.said.out).toMatch(new RegExp(`^variant +efficientvit-sam-${size}$`, "m"));
    expect(console.said.out).toMatch(new RegExp(`^parameters +${parameters}$`, "m"));
    expect(await architecturesFitting(file)).toEqual([`efficientvit-sam-${size}`]);
  });

  test("is refused as another variant, with the name of its own", async () => {
    const registry = await loadRegistry();
    const file = writeTorch(join(folder, "l0.pt"), published("l0"));
    const weights = { source: "checkpoint", file } as const;
    for (const id of ["sam-vit-b", "mobilesam", "efficientvit-sam-l1", "efficientvit-sam-xl0"])
      await expect(openWeights({ variant: registry.variants.get(id)!, weights }, registry)).rejects.toMatchObject({
        hint: expect.stringMatching(/^this is a checkpoint of efficientvit-sam-l0( or |$)/),
      });
  });

  test("is refused with one weight more than it should have", async () => {
    const more = new Map([...published("l0"), ["image_encoder.extra", [2]] as const]);
    expect(await architecturesFitting(writeTorch(join(folder, "more.pt"), more))).toEqual([]);
  });
});

test.each([
  ["l0", 34_792_784],
  ["l1", 47_650_128],
  ["l2", 61_328_592],
  ["xl0", 116_957_904],
  ["xl1", 203_346_128],
])("efficientvit-sam-%s has the parameters of the authors' module, all of them used", async (size, parameters) => {
  for (const kind of kinds) expect(parametersOf(await graphsOf(`efficientvit-sam-${size}`, kind))).toBe(parameters);
});

test("prompts and masks are in SAM's frame of 1024 px, whatever the encoder's input is", () => {
  const frames = plugin.presets.map(({ id, input: { side, promptSide } }) => [id, side, promptSide]);
  expect(frames).toEqual([
    ["efficientvit-sam-l0", 512, 1024],
    ["efficientvit-sam-l1", 512, 1024],
    ["efficientvit-sam-l2", 512, 1024],
    ["efficientvit-sam-xl0", 1024, undefined],
    ["efficientvit-sam-xl1", 1024, undefined],
    [nanoId, 256, 512],
  ]);
});

describe("efficientvit-sam-nano", () => {
  test("takes the same weights for both graphs, and a file of them fits it alone", async () => {
    const fused = await shapesTaken((checkpoint) => graphsOf(nanoId, "fused", checkpoint));
    const reference = await shapesTaken((checkpoint) => graphsOf(nanoId, "reference", checkpoint));
    expect([...fused].sort()).toEqual([...reference].sort());
    expect(await architecturesFitting(writeTorch(join(folder, "nano.pt"), fused))).toEqual([nanoId]);
  });

  test("encodes an image of 256 px and decodes a prompt of its 512 px frame alike in both graphs", async () => {
    const image = noise([1, 3, 256, 256]);
    const size = { height: 512, width: 512 };
    const geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
    const [fused, reference] = await Promise.all(
      kinds.map(async (kind) => {
        const files = writeAll(await graphsOf(nanoId, kind), folder);
        const variant = await plugin.load(files, cpu, plugin.presets.find(({ id }) => id === nanoId)!);
        const embedding = await variant.encode({ tensor: image, geometry });
        const box = { x0: 30, y0: 60, x1: 400, y1: 500 };
        const [prediction] = await variant.decode(embedding, [{ frame: "model", points: [], box }]);
        await variant.close();
        if (prediction?.kind !== "logits") throw new Error("logits expected");
        return { embedding: embedding.tensor, logits: prediction.lowResLogits };
      }),
    );
    expect(fused!.embedding.dims).toEqual([1, 64, 32, 32]);
    expect(fused!.logits.dims).toEqual([4, 128, 128]);
    expect(differenceOf(fused!.embedding, reference!.embedding)).toBeLessThan(tolerance);
    expect(differenceOf(fused!.logits, reference!.logits)).toBeLessThan(tolerance);
  });
});

test("two stages that attend, as in the XL models, are encoded alike in both graphs", async () => {
  const att = { block: "att", depth: 1, scale: 3 } as const;
  const config: EfficientVitSamConfig = {
    side: 512,
    stages: [
      { width: 16, depth: 0, block: "res", expansion: 1 },
      { width: 16, depth: 1, block: "fmb", expansion: 2 },
      { width: 16, depth: 0, block: "fmb", expansion: 2 },
      { width: 32, depth: 1, block: "fmb", expansion: 2 },
      { ...att, width: 32, expansion: 2 },
      { ...att, width: 64, expansion: 2 },
    ],
    neck: { depth: 1, expansion: 2 },
    decoder: efficientVitSamConfigs[nanoId].decoder,
  };
  const image = noise([1, 3, 512, 512]);
  const [fused, reference] = await Promise.all(
    [imageEncoder, referenceImageEncoder].map(async (encoder) => {
      const files = writeAll([encoder(config, seededCheckpoint())], folder);
      const raw = await plugin.loadRaw(files, cpu, plugin.presets[0]!);
      const { image_embedding } = await raw.encode(image);
      await raw.close();
      return image_embedding!;
    }),
  );
  expect(fused!.dims).toEqual([1, 64, 32, 32]);
  expect(differenceOf(fused!, reference!)).toBeLessThan(tolerance);
});

// Seeded values hardly see some of these constants, so that the graphs are asked.
describe("constants of the published code", () => {
  test("GELU has its tanh form in the encoder, once a convolution that is activated, and its exact form in the decoder", async () => {
    // Stem, res, two fmb of each of two stages, two mb of two convolutions in each of two stages, and one fmb in the neck.
    const activated = 1 + 1 + 2 * 2 + 2 * 2 * 2 + 1;
    const fused = await graphsOf(nanoId, "fused");
    const forms = (name: string) =>
      nodesOf(fused, name, "Gelu").map((node) => [node.domain, node.attributes.approximate]);
    expect(forms("encoder")).toEqual(new Array(activated).fill(["", "tanh"]));
    expect(forms("decoder")).toEqual(new Array(2).fill(["com.microsoft", undefined]));
    const reference = await graphsOf(nanoId, "reference");
    expect(nodesOf(reference, "encoder", "Tanh")).toHaveLength(activated);
    expect(nodesOf(reference, "encoder", "Erf")).toEqual([]);
    expect(nodesOf(reference, "decoder", "Tanh")).toEqual([]);
  });

  test("the neck interpolates as PyTorch's bicubic without aligned corners: 8 and 16 rows to 32", async () => {
    const reference = await graphsOf(nanoId, "reference");
    const resizes = nodesOf(reference, "encoder", "Resize").map(({ attributes }) => attributes);
    const bicubic = {
      mode: "cubic",
      coordinate_transformation_mode: "pytorch_half_pixel",
      cubic_coeff_a: { float: -0.75 },
      nearest_mode: "floor",
    };
    expect(resizes).toEqual([bicubic, bicubic]);
  });

  test.each(kinds)("linear attention adds 1e-15 to its divisor, %s", async (kind) => {
    const encoder = (await graphsOf(nanoId, kind)).find(({ name }) => name === "encoder")!;
    const small = encoder.constants.filter(({ name, dims }) => name.startsWith("number[") && dims.length === 0);
    expect(small.map((constant) => constant.read()[0])).toContain(Math.fround(1e-15));
  });
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const context = { preset: plugin.presets[0]!, checkpoint: seededCheckpoint(), graph: "fused" as const };
  const out = { write: async () => undefined };
  await expect(plugin.build({ ...context, out, side: 1000 })).rejects.toThrow(
    "efficientvit-sam-l0: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

test("building reads no tensor", async () => {
  for (const kind of kinds)
    expect((await graphsOf("efficientvit-sam-l0", kind, unreadCheckpoint())).length).toBeGreaterThan(1);
});

async function graphsOf(
  id: string,
  graph: GraphKind,
  checkpoint: Checkpoint = seededCheckpoint(),
): Promise<readonly OnnxGraph[]> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  await plugin.build({ preset: plugin.presets.find((each) => each.id === id)!, checkpoint, graph, out: { write } });
  return graphs;
}

/** Returns the names and shapes of the authors' state dict. */
function published(size: string): TensorShapes {
  return publishedShapes(fileURLToPath(new URL(`fixtures/efficientvit_sam_${size}.json`, import.meta.url)));
}
