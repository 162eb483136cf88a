import { afterAll, expect, test } from "vitest";
import type { OnnxGraph, Prompt } from "../../harness/api.ts";
import { prepare } from "../../harness/image/index.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { openSession } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { referenceMaskDecoder } from "../sam-decoder/reference/reference.ts";
import { efficientSamGraphs } from "./fixtures/graphs/efficientSam.ts";
import { officialDecoder, plainEncoder } from "./fixtures/graphs/officialSam.ts";
import { samexporterSam2Graphs, transformersSam2Graphs } from "./fixtures/graphs/sam2.ts";
import type { LayoutGraphs } from "./fixtures/graphs/shared.ts";
import { transformersSamGraphs } from "./fixtures/graphs/transformersSam.ts";
import {
  coarse,
  coarseEfficient,
  cpu,
  LayoutTrial,
  logitsOf,
  photo,
  prompt,
  tokenOf,
  tolerance,
} from "./fixtures/layoutTrial.ts";
import plugin from "./variant.ts";

const { box, masked } = prompt;

const trial = new LayoutTrial();
afterAll(() => trial.close());

test("a box reaches samexporter's SAM 2 as two points with labels of their own", async () => {
  const { preset, files } = await trial.recognised(samexporterSam2Graphs(coarse, seededCheckpoint()));
  const variant = await plugin.load(files, cpu, preset);
  const embedding = await variant.encode(prepare(photo, preset.input));
  const [prediction] = await variant.decode(embedding, [box]);
  await variant.close();

  // The graph appends a padding point even to a box.
  const encoder = await openSession(trial.write(plainEncoder(coarse, seededCheckpoint(), "image", "embedding")), cpu);
  const { embedding: image } = await encoder.run({ image: prepare(photo, preset.input).tensor });
  const decoder = await openSession(
    trial.write(referenceMaskDecoder(coarse.decoder, seededCheckpoint(), "points and boxes")),
    cpu,
  );
  const { x0, y0, x1, y1 } = box.box;
  const { low_res_masks } = await decoder.run({
    image_embedding: image!,
    point_coords: { dims: [1, 3, 2], data: Float32Array.of(x0, y0, x1, y1, 0, 0) },
    point_labels: { dims: [1, 3], data: Float32Array.of(2, 3, -1) },
  });
  for (const session of [encoder, decoder]) await session.close();
  const expected = { dims: [4, 64, 64], data: low_res_masks!.data };
  const { lowResLogits } = logitsOf(prediction);
  for (const token of [0, 1, 2])
    expect(differenceOf(tokenOf(lowResLogits, token), tokenOf(expected, token + 1))).toBeLessThan(tolerance);
});

test("prompts that a layout has no input for are refused by name", async () => {
  const refusal = async (graphs: LayoutGraphs, asked: Prompt<"model">) => {
    const { preset, files } = await trial.recognised(graphs);
    const variant = await plugin.load(files, cpu, preset);
    const embedding = await variant.encode(prepare(photo, preset.input));
    const error = await variant.decode(embedding, [asked]).catch((reason: Error) => reason);
    await variant.close();
    return (error as Error).message;
  };
  expect(await refusal(transformersSamGraphs(coarse, seededCheckpoint()), box)).toContain(
    "the decoder takes points alone",
  );
  expect(await refusal(transformersSam2Graphs(coarse, seededCheckpoint()), masked)).toContain(
    "the decoder has no input for one",
  );
  const one = efficientSamGraphs(coarseEfficient, seededCheckpoint(), 1);
  expect(await refusal(one, box)).toBe(
    "decoder.onnx: a prompt holds too many points (found 2, a box counting as two, expected at most 1, as the decoder was exported)",
  );
});

test("an EfficientSAM decoder that was exported for a number of points gets it, padding included", async () => {
  const five = await trial.recognised(efficientSamGraphs(coarseEfficient, seededCheckpoint(), 5));
  const one = await trial.recognised(efficientSamGraphs(coarseEfficient, seededCheckpoint(), 1));
  expect([five.preset.lacks, one.preset.lacks].map((lacks) => lacks.includes("box-prompt"))).toEqual([false, true]);
  const given = await plugin.load(five.files, cpu, five.preset);
  const own = await trial.builtInEfficient();
  const input = prepare(photo, five.preset.input);
  const [found] = await given.decode(await given.encode(input), [box]);
  const [wanted] = await own.decode(await own.encode(input), [box]);
  expect(differenceOf(logitsOf(found).lowResLogits, logitsOf(wanted).lowResLogits)).toBeLessThan(tolerance);
  await given.close();
});

test("a decoder that chooses one mask by itself lacks the single-mask token; its count is found by running it", async () => {
  const whole = officialDecoder(coarse, seededCheckpoint());
  const open = {
    ...whole,
    outputs: whole.outputs.map((value) => ({ ...value, dims: value.dims.map((_, i) => `d${"abcd"[i]}`) })),
  };
  const encoder = plainEncoder(coarse, seededCheckpoint(), "input_image", "image_embeddings");
  expect((await trial.recognised({ encoder, decoder: open })).preset.lacks).toEqual([]);

  const cut = (name: string) => ({
    operator: "Slice",
    domain: "",
    inputs: [`${name}_all`, "from", "to", "axis"],
    outputs: [name],
    attributes: {},
  });
  const renamed = new Map(["low_res_masks", "iou_predictions"].map((name) => [name, `${name}_all`]));
  const ints = (name: string, number: number) => ({
    name,
    type: "int64" as const,
    dims: [1],
    bytes: 8,
    read: () => BigInt64Array.of(BigInt(number)),
  });
  const single: OnnxGraph = {
    ...open,
    constants: [...open.constants, ints("from", 2), ints("to", 3), ints("axis", 1)],
    nodes: [
      ...open.nodes.map((node) => ({
        ...node,
        outputs: node.outputs.map((name) => renamed.get(name) ?? name),
        inputs: node.inputs.map((name) => renamed.get(name) ?? name),
      })),
      ...[...renamed.keys()].map(cut),
    ],
  };
  const { preset, files } = await trial.recognised({ encoder, decoder: single });
  expect(preset.lacks).toEqual(["single-mask-token", "three-masks"]);
  expect(preset.notes.join()).toContain("--return-single-mask");
  const variant = await plugin.load(files, cpu, preset);
  const [prediction] = await variant.decode(await variant.encode(prepare(photo, preset.input)), [box]);
  expect(logitsOf(prediction).lowResLogits.dims).toEqual([1, 64, 64]);
  await variant.close();
});
