import { expect, test } from "vitest";
import { transformersSamGraphs } from "../../variants/onnx/fixtures/graphs/transformersSam.ts";
import { samConfigs } from "../../variants/sam/config.ts";
import { writeGraph } from "../onnx/index.ts";
import type { Profile } from "../profile/profile.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { ownHome } from "./fixtures/ownHome.ts";
import { profile } from "./profile.ts";

const home = ownHome();

const defaults = { weights: "seeded", part: "encoder", rounds: 3, warmup: 1 };

async function profiled(args: Readonly<Record<string, unknown>>): Promise<Profile> {
  const console = memoryConsole();
  expect(await profile.run({ ...defaults, json: true, ...args }, console)).toBe(0);
  return JSON.parse(console.said.out) as Profile;
}

test("the blocks of ViT-B add up to 95 % of the encode time", async () => {
  const { blocks, inNodes, stage } = await profiled({ variant: "sam-vit-b" });
  expect(stage).toBe("encode");
  expect(blocks.filter(({ name }) => /\.blocks\.\d+$/.test(name))).toHaveLength(12);
  // Other work only lowers the share: it may take the processor between two nodes.
  expect(inNodes.q3).toBeGreaterThan(0.95);
});

test.each(["mobilesam-nano", "sam2.1-nano", "sparsevit/sam-nano", "ptq4sam/sam-nano/w8a8-minmax", "fastsam-s"])(
  "%s is profiled by the names of its checkpoint",
  async (variant) => {
    const { layers, inNodes } = await profiled({ variant, rounds: 1 });
    // What a method adds, such as the choice of windows, has the name that the method gives it.
    const named = layers.filter(({ name }) => /^(image_encoder|model)\./.test(name));
    expect(named.length).toBeGreaterThan(0.8 * layers.length);
    expect(inNodes.q3).toBeGreaterThan(0.8);
  },
);

test("a decoder is profiled for one box, by the modules of the decoder", async () => {
  const { stage, layers } = await profiled({ variant: "sam-nano", part: "decoder" });
  expect(stage).toBe("decode");
  expect(layers.filter(({ name }) => name.startsWith("mask_decoder.")).length).toBeGreaterThan(50);
});

test("a graph that one box does not run has no profile, and an error says why", async () => {
  await expect(profiled({ variant: "sam-nano", part: "decoder-mask" })).rejects.toThrow(
    "decoder-mask: the runtime wrote no one profile of it (found 0 files)",
  );
});

test("files of one's own are profiled by the names in them, also where their decoder takes no box", async () => {
  const graphs = transformersSamGraphs(samConfigs["sam-nano"], seededCheckpoint());
  const files = Object.entries(graphs).map(([name, graph]) => writeGraph({ ...graph, name }, home()));
  const given = { variant: "mine", weights: undefined, "variant-files": [`mine=${files[0]}`, ...files.slice(1)] };
  const { blocks } = await profiled({ ...given, rounds: 1 });
  expect(blocks.map(({ name }) => name)).toEqual(
    expect.arrayContaining([0, 1, 2, 3, 4, 5].map((i) => `inner.image_encoder.blocks.${i}`)),
  );
});
