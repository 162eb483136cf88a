import { afterAll, expect, test } from "vitest";
import type { OnnxGraph, Rgb } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { prepare } from "../../harness/image/index.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { readSignature } from "../../harness/onnx/index.ts";
import { givenGraphs } from "../../harness/plan/models/variantFiles.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { samInput } from "../sam/presets.ts";
import { officialDecoder, plainEncoder } from "./fixtures/graphs/officialSam.ts";
import { coarse, cpu, LayoutTrial, logitsOf, photo, prompt, tolerance } from "./fixtures/layoutTrial.ts";
import { embedded, floats, ints, node, value, wrapped } from "./fixtures/surgery.ts";
import { recognise } from "./recognise.ts";
import plugin from "./variant.ts";

const trial = new LayoutTrial();
afterAll(() => trial.close());

const { side, decoder: sizes } = coarse;
const encoder = () => plainEncoder(coarse, seededCheckpoint(), "input_image", "image_embeddings");
const decoder = () => officialDecoder(coarse, seededCheckpoint());

/** Returns the encoder behind nodes that normalise pixels 0 … `most`, as users put such nodes there. */
function normalising(most: 1 | 255): OnnxGraph {
  const scale = most / 255;
  return wrapped({
    name: "encoder",
    inputs: [value("pixels", [1, 3, side, side])],
    before: [node("Sub", ["pixels", "mean"], "centred"), node("Div", ["centred", "std"], "normal")],
    inner: [embedded(encoder(), "inner.", { input_image: "normal", image_embeddings: "embedding" })],
    constants: [
      floats(
        "mean",
        [1, 3, 1, 1],
        samInput.mean.map((each) => each * scale),
      ),
      floats(
        "std",
        [1, 3, 1, 1],
        samInput.std.map((each) => each * scale),
      ),
    ],
    outputs: [value("embedding", [1, sizes.embedding, sizes.grid, sizes.grid])],
  });
}

/**
 * Returns the decoder with nodes behind it, as exporters put them there: they pick its first mask, or give stability in place
 * of predicted IoU.
 */
function exported({ one, stability }: { readonly one?: true; readonly stability?: true }): OnnxGraph {
  const low = 4 * sizes.grid;
  const { inputs } = decoder();
  const kept = Object.fromEntries(inputs.map(({ name }) => [name, name]));
  const names = { ...kept, masks: "masks", iou_predictions: "iou", low_res_masks: "low" };
  const masks = one ? 1 : 4;
  const count = (threshold: string) => [
    node("Greater", ["low", threshold], `${threshold}.above`),
    node("Cast", [`${threshold}.above`], `${threshold}.counted`, { to: 6 }),
    node("ReduceSum", [`${threshold}.counted`, "pixels"], `${threshold}.sum`, { keepdims: 0 }),
    node("Cast", [`${threshold}.sum`], `${threshold}.float`, { to: 1 }),
  ];
  const scores = stability
    ? [...count("upper"), ...count("lower"), node("Div", ["upper.float", "lower.float"], "scores")]
    : [node("Identity", ["iou"], "scores")];
  return wrapped({
    name: "decoder",
    inputs,
    inner: [embedded(decoder(), "inner.", names)],
    after: [
      ...scores,
      ...(one
        ? [
            node("Slice", ["scores", "zero", "one", "one"], "iou_predictions"),
            node("Slice", ["low", "zero", "one", "one"], "low_res_masks"),
          ]
        : [node("Identity", ["scores"], "iou_predictions"), node("Identity", ["low"], "low_res_masks")]),
    ],
    constants: [
      floats("upper", [], [1]),
      floats("lower", [], [-1]),
      ints("pixels", [2, 3]),
      ints("zero", [0]),
      ints("one", [1]),
    ],
    outputs: [
      value("masks", ["a", "b", "c", "d"]),
      value("iou_predictions", ["e", stability ? "f" : masks]),
      value("low_res_masks", ["g", "h", low, low]),
    ],
  });
}

/** Writes two graphs and returns what they are recognised as. */
async function taken(graphs: { encoder?: OnnxGraph; decoder?: OnnxGraph }, input?: "raw" | "normalised") {
  const files = [trial.write(graphs.encoder ?? encoder()), trial.write(graphs.decoder ?? decoder())];
  return recognise("mine", files.map(readSignature), { input });
}

test.each([1, 255] as const)(
  "normalisation of pixels 0 … %s in the graph is seen, and the masks are those without it",
  async (most) => {
    const inside = await taken({ encoder: normalising(most) });
    const outside = await taken({});
    expect(inside.preset.notes).toContainEqual(
      expect.stringMatching(new RegExp(`^input: raw pixels, 0 … ${most} \\(the graph's first nodes normalise them\\)`)),
    );
    expect(outside.preset.notes).toContain("input: normalised pixels (the graph's first nodes scale nothing)");
    const logits = [];
    for (const { preset, files } of [inside, outside]) {
      const variant = await plugin.load(files, cpu, preset);
      const [prediction] = await variant.decode(await variant.encode(prepare(photo, preset.input)), [prompt.box]);
      logits.push(logitsOf(prediction).lowResLogits);
      await variant.close();
    }
    expect(differenceOf(logits[0]!, logits[1]!)).toBeLessThan(tolerance);
  },
);

test("--input overrules what the graph shows, and is refused where it means nothing", async () => {
  const raw = await taken({}, "raw");
  expect(raw.preset.input).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
  for (const [i, mean] of samInput.mean.entries()) expect((raw.preset.input.padValue as Rgb)[i]).toBeCloseTo(mean, 4);
  expect(raw.preset.notes).toContainEqual(expect.stringContaining("input: raw pixels, 0 … 255 (--input says so)"));
  const normalised = await taken({ encoder: normalising(255) }, "normalised");
  expect(normalised.preset.input).toMatchObject({ mean: samInput.mean, std: samInput.std, padValue: 0 });
  expect(normalised.preset.notes).toContain("input: normalised pixels (--input says so)");
});

test("a decoder of one mask lacks three, and says for which prompts its mask is the most confident", async () => {
  const { preset } = await taken({ decoder: exported({ one: true }) });
  expect(preset).toMatchObject({ lacks: ["single-mask-token", "three-masks"], choosesUpTo: 2 });
  expect(preset.notes).toContainEqual(expect.stringContaining("the decoder gives one mask (--return-single-mask)"));
});

test("scores that are ratios of counted pixels are no predicted IoU, of four masks and of one", async () => {
  expect((await taken({ decoder: exported({ stability: true }) })).preset.lacks).toEqual(["predicted-iou"]);
  const both = await taken({ decoder: exported({ stability: true, one: true }) });
  expect(both.preset.lacks).toEqual(["single-mask-token", "three-masks", "predicted-iou"]);
  expect(both.preset.notes).toContainEqual(expect.stringContaining("iou_predictions are stability scores"));
  expect((await taken({ decoder: exported({}) })).preset.lacks).toEqual([]);
});

test("a row of ONNX files says so, with the element types, weights and size of what is stored", async () => {
  const bytes = { name: "quantised", type: "uint8", dims: [2, 5], bytes: 10, read: () => new Uint8Array(10) } as const;
  const constants = [bytes, floats("scale", [], [0.5]), ints("shape", [2, 5])];
  const file = trial.write({ ...encoder(), constants, nodes: [] });
  const { weights, graphs, notes } = await givenGraphs({ encoder: file }, file);
  expect(weights.source).toBe("onnx");
  expect(graphs.parameters).toBe(11);
  expect(notes[0]).toMatch(/^onnx: stored elements by type: uint8 10, int64 2, float32 1; 0\.0 MB in 1 files$/);
});

test("other layouts refuse --input", async () => {
  const preprocessing = { ...encoder(), inputs: [value("input_image", ["h", "w", 3])] };
  const error = await recognise("mine", [trial.write(preprocessing), trial.write(decoder())].map(readSignature), {
    input: "raw",
  }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as Error).message).toContain("mine: --input says nothing of these files");
});
