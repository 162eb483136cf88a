import { expect, test } from "vitest";
import type { NamedTensors } from "../../harness/api.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";
import { type DecoderArchitecture, samDecoder } from "./config.ts";
import { decoderImage, maskDecoder } from "./maskDecoder.ts";

const config = samConfigs["sam-nano"].decoder;
const { embedding, grid } = config;
const projectsPrompts: DecoderArchitecture = {
  ...samDecoder,
  fused: { firstLook: "project the prompts", lastLook: "all tokens" },
};

/** Decodes two prompts of three points each on a drawn image embedding. */
async function decoded(architecture: DecoderArchitecture): Promise<NamedTensors> {
  const shared = decoderImage(config, seededCheckpoint(), architecture);
  const image = await runGraph(shared, { image_embedding: wave([1, embedding, grid, grid]) });
  const decoder = maskDecoder(config, seededCheckpoint(), "points and boxes", architecture);
  const asked = Object.entries(image).filter(([name]) => decoder.inputs.some((input) => input.name === name));
  return runGraph(decoder, {
    ...Object.fromEntries(asked),
    point_coords: { dims: [2, 3, 2], data: Float32Array.of(20, 90, 130, 40, 0, 0, 60, 200, 250, 10, 33, 44) },
    point_labels: { dims: [2, 3], data: Float32Array.of(1, 0, -1, 1, 1, 0) },
  });
}

test("an image that was projected before has the masks and scores of prompts that are projected onto it", async () => {
  const found = await decoded(samDecoder);
  const expected = await decoded(projectsPrompts);
  for (const name of ["low_res_masks", "iou_predictions"]) {
    const { data } = expected[name]!;
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = data.reduce((most, value, i) => Math.max(most, Math.abs(value - found[name]!.data[i]!)), 0);
    // Sums of float32 in another order.
    expect(difference / largest, name).toBeLessThan(1e-5);
  }
});

test("of an image that was projected before, a decoder reads no tokens with positions, and one with a mask does", () => {
  const inputsOf = (prompts: "points and boxes" | "points, boxes and a mask") =>
    maskDecoder(config, seededCheckpoint(), prompts).inputs.map(({ name }) => name);
  const projections = ["image_keys", "image_values", "image_queries"];
  expect(inputsOf("points and boxes").filter((name) => name.startsWith("image_"))).toEqual([
    "image_tokens",
    ...projections,
  ]);
  expect(inputsOf("points, boxes and a mask").filter((name) => name.startsWith("image_"))).toEqual([
    "image_tokens",
    "image_tokens_with_positions",
  ]);
});
