import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint, ModelInput, Prompt, Rle, Variant, VariantManifest } from "../../harness/api.ts";
import { prepare } from "../../harness/image/index.ts";
import { areaOf, intersectionArea, maskFromLogits, union } from "../../harness/mask/index.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { openCheckpoint, seededCheckpoint } from "../../harness/weights/index.ts";
import {
  efficientSamGraphs,
  type LayoutGraphs,
  officialDecoder,
  plainEncoder,
  preprocessingEncoder,
  samexporterSam2Graphs,
  transformersSam2Graphs,
  transformersSamGraphs,
} from "./fixtures/layoutGraphs.ts";
import {
  coarse,
  coarseEfficient,
  cpu,
  LayoutTrial,
  logitsOf,
  nano,
  photo,
  prompt,
  tokenOf,
  tolerance,
} from "./fixtures/layoutTrial.ts";
import plugin from "./variant.ts";

const { point, points, box, both, masked } = prompt;

const trial = new LayoutTrial();
let trained: Checkpoint;
beforeAll(async () => {
  trained = await openCheckpoint(fileURLToPath(new URL("../sam/sam-nano.safetensors", import.meta.url)));
});
afterAll(async () => {
  await trial.close();
  trained.close();
});

/** A case compares a layout's graphs with the built-in variant of the same weights. */
interface Case {
  readonly title: RegExp;
  readonly graphs: () => LayoutGraphs;
  readonly builtIn: () => Promise<Variant>;
  /** Mask token of the built-in variant that the layout's first mask belongs to. */
  readonly firstToken: 0 | 1;
  readonly lacks: VariantManifest["lacks"];
  readonly prompts: readonly Prompt<"model">[];
}

const cases: readonly (Case & { readonly name: string })[] = [
  {
    name: "SAM's official decoder with an encoder of other names",
    title: /official decoder export/,
    graphs: () => ({
      encoder: plainEncoder(nano, trained, "images", "embeddings"),
      decoder: officialDecoder(nano, trained),
    }),
    builtIn: () => trial.builtInSam(nano, trained),
    firstToken: 0,
    lacks: [],
    prompts: [point, points, box, both, masked],
  },
  {
    name: "samexporter's SAM",
    title: /^ONNX files: samexporter, SAM or MobileSAM$/,
    graphs: () => ({
      encoder: plainEncoder(coarse, seededCheckpoint(), "input_image", "image_embeddings"),
      decoder: officialDecoder(coarse, seededCheckpoint()),
    }),
    builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
    firstToken: 0,
    lacks: [],
    prompts: [box, points],
  },
  {
    name: "samexporter's SAM with pre-processing in the graph",
    title: /with pre-processing in the encoder/,
    graphs: () => ({
      encoder: preprocessingEncoder(coarse, seededCheckpoint()),
      decoder: officialDecoder(coarse, seededCheckpoint()),
    }),
    builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
    firstToken: 0,
    lacks: [],
    prompts: [box, points],
  },
  {
    name: "transformers.js' SAM",
    title: /transformers\.js, SAM or SlimSAM/,
    graphs: () => transformersSamGraphs(nano, trained),
    builtIn: () => trial.builtInSam(nano, trained),
    firstToken: 1,
    lacks: ["single-mask-token", "mask-input", "box-prompt"],
    prompts: [point, points, { ...point }],
  },
  {
    name: "transformers.js' SAM 2",
    title: /transformers\.js, SAM 2/,
    graphs: () => transformersSam2Graphs(coarse, seededCheckpoint()),
    builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
    firstToken: 1,
    lacks: ["single-mask-token", "mask-input"],
    prompts: [point, box, both, points],
  },
  {
    name: "samexporter's SAM 2",
    title: /samexporter, SAM 2/,
    graphs: () => samexporterSam2Graphs(coarse, seededCheckpoint()),
    builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
    firstToken: 1,
    lacks: ["single-mask-token"],
    prompts: [point, points],
  },
  {
    name: "EfficientSAM's split export",
    title: /EfficientSAM's split export/,
    graphs: () => efficientSamGraphs(coarseEfficient, seededCheckpoint(), "num_points"),
    builtIn: () => trial.builtInEfficient(),
    firstToken: 0,
    lacks: ["single-mask-token", "mask-input"],
    prompts: [point, points, box, both],
  },
];

describe.each(cases)("$name", ({ title, graphs, builtIn, firstToken, lacks, prompts }) => {
  test("is recognised, whichever file comes first, and gives the built-in variant's masks", async () => {
    const { preset, files } = await trial.recognised(graphs());
    expect(preset.title).toMatch(title);
    expect(preset.notes[0]).toMatch(/^encoder\.onnx and decoder\.onnx, taken as: /);
    expect(preset.lacks).toEqual(lacks);
    expect(preset.input.side).toBe(256);
    const given = await plugin.load(files, cpu, preset);
    const own = await builtIn();
    const embedding = await given.encode(prepare(photo, preset.input));
    const expected = await own.encode(inputOf(preset));
    const found = await given.decode(embedding, prompts);
    const wanted = await own.decode(expected, prompts);
    for (const [i, prediction] of found.entries()) {
      const ours = logitsOf(prediction);
      const theirs = logitsOf(wanted[i]);
      const count = ours.predictedIou.length;
      expect(count).toBe(theirs.predictedIou.length - firstToken);
      for (let token = 0; token < count; token++) {
        const a = tokenOf(ours.lowResLogits, token);
        const b = tokenOf(theirs.lowResLogits, token + firstToken);
        expect(differenceOf(a, b)).toBeLessThan(tolerance);
        expect(ours.predictedIou[token]).toBeCloseTo(theirs.predictedIou[token + firstToken]!, 4);
        const masks = [a, b].map(({ data }) => maskFromLogits(data, embedding.geometry, preset.mask));
        expect(pixelsApart(masks[0]!, masks[1]!)).toBeLessThanOrEqual(3);
      }
    }
    await given.close();
  });
});

/** Prepares the photo as the built-in variant of the layout's weights takes it: the harness does all the pre-processing. */
function inputOf({ input, title }: VariantManifest): ModelInput {
  const spec = title.includes("with pre-processing")
    ? { ...input, mean: [123.675, 116.28, 103.53] as const, std: [58.395, 57.12, 57.375] as const }
    : input;
  return prepare(photo, spec);
}

/** Counts pixels in which two masks differ. On values near 0 two sums may fall to either side. */
function pixelsApart(a: Rle, b: Rle): number {
  return areaOf(union([a, b])) - intersectionArea(a, b);
}
