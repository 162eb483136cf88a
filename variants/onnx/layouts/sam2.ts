import type { Box, MaskPrediction, MaskSpec, ModelInputSpec, NamedTensors, Prompt } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { samInput } from "../../sam/presets.ts";
import { predictionOf } from "../../sam-decoder/prompts.ts";
import { declaredSide, requiredDim } from "../dimensions.ts";
import { encodedAndDecoded, floats, type Layout, numbers, type Wanted } from "../layout.ts";
import { takenInput } from "../normalisation.ts";
import { withoutBatch } from "./transformersSam.ts";

/** SAM 2 stretches the photo, in float, to its square and masks back from it. Source: SAM2Transforms. */
const mask = { path: "direct", interpolation: "bilinear", threshold: ">0" } as const satisfies MaskSpec;
const input = {
  ...samInput,
  fit: "stretch",
  resize: "bilinear-antialias",
} as const satisfies Omit<ModelInputSpec, "side">;

/** Pixels to one place of the coarsest embedding: they count where the encoder leaves its input's size open. */
const pixelsAPlace = 16;

const notes = ["one prompt a decoder call; padding points are the graph's own"];

const label = { boxStart: 2, boxEnd: 3 } as const;

/** Names of the embeddings at three resolutions, fine to coarse. */
const levels = [0, 1, 2].map((level) => `image_embeddings.${level}`);
const levelValues: readonly Wanted[] = levels.map((name) => floats(name, ["batch", "channels", "rows", "columns"]));

/** Source: transformers.js' Sam2Model, as onnx-community's files name their values. */
export const transformersSam2: Layout = {
  title: "transformers.js, SAM 2 (vision_encoder, prompt_encoder_mask_decoder)",
  encoder: { inputs: [floats("pixel_values", ["batch", 3, "side", "side"])], outputs: levelValues },
  decoder: {
    inputs: [
      ...levelValues,
      floats("input_points", ["batch", "prompts", "points", 2]),
      numbers("input_labels", ["batch", "prompts", "points"]),
      floats("input_boxes", ["batch", "boxes", 4]),
    ],
    outputs: [
      floats("iou_scores", ["batch", "prompts", "masks"]),
      floats("pred_masks", ["batch", "prompts", "masks", "side", "side"]),
    ],
  },
  takesEither: true,
  describe: ({ encoder }, said) => ({
    input: {
      ...input,
      ...takenInput(encoder.body, "pixel_values", said).spec,
      side: declaredSide(encoder, 2) ?? pixelsAPlace * requiredDim(encoder, levels[2]!, 2),
    },
    mask,
    lacks: ["single-mask-token", "mask-input"],
    notes: [takenInput(encoder.body, "pixel_values", said).note, ...notes],
  }),
  open: (_, { encoder, decoder }) =>
    encodedAndDecoded({
      embedding: levels[2]!,
      encode: ({ tensor }) => encoder.run({ pixel_values: tensor }, levels),
      decode: (image, prompts) =>
        oneByOne(prompts, async (prompt) =>
          withoutBatch(await decoder.run({ ...image, ...transformersFeeds(prompt) }, ["iou_scores", "pred_masks"])),
        ),
    }),
};

const highResolution: readonly Wanted[] = [0, 1].map((level) =>
  floats(`high_res_feats_${level}`, [1, "channels", "rows", "columns"]),
);
const coarse = floats("image_embed", [1, "channels", "rows", "columns"]);

/** Source: samexporter's export_sam2.py. */
export const samexporterSam2: Layout = {
  title: "samexporter, SAM 2",
  encoder: { inputs: [floats("image", [1, 3, "side", "side"])], outputs: [...highResolution, coarse] },
  decoder: {
    inputs: [
      coarse,
      ...highResolution,
      floats("point_coords", ["prompts", "points", 2]),
      numbers("point_labels", ["prompts", "points"]),
      floats("mask_input", ["prompts", 1, "side", "side"]),
      floats("has_mask_input", ["prompts"]),
    ],
    outputs: [floats("masks", ["prompts", "masks", "side", "side"]), floats("iou_predictions", ["prompts", "masks"])],
  },
  takesEither: true,
  describe: ({ encoder }, said) => ({
    input: {
      ...input,
      ...takenInput(encoder.body, "image", said).spec,
      side: declaredSide(encoder, 2) ?? pixelsAPlace * requiredDim(encoder, "image_embed", 2),
    },
    mask,
    lacks: ["single-mask-token"],
    notes: [takenInput(encoder.body, "image", said).note, ...notes],
  }),
  open: (_, { encoder, decoder }) =>
    encodedAndDecoded({
      embedding: "image_embed",
      encode: ({ tensor }) =>
        encoder.run(
          { image: tensor },
          [...highResolution, coarse].map(({ name }) => name!),
        ),
      decode: (image, prompts) =>
        oneByOne(prompts, async (prompt) => {
          const feeds = samexporterFeeds(prompt, 4 * image.image_embed!.dims[2]!);
          const { masks, iou_predictions } = await decoder.run({ ...image, ...feeds }, ["masks", "iou_predictions"]);
          return { low_res_masks: masks!, iou_predictions: iou_predictions! };
        }),
    }),
};

async function oneByOne(
  prompts: readonly Prompt<"model">[],
  decode: (prompt: Prompt<"model">) => Promise<NamedTensors>,
): Promise<readonly MaskPrediction[]> {
  const predictions: MaskPrediction[] = [];
  for (const prompt of prompts) predictions.push(predictionOf(await decode(prompt), 0));
  return predictions;
}

/**
 * Returns the decoder's inputs for one prompt. Without points or without a box the prompt has an empty tensor in their place.
 */
function transformersFeeds({ points, box, mask }: Prompt<"model">): NamedTensors {
  if (mask !== undefined)
    throw new HarnessError("transformers.js, SAM 2: a prompt brings a mask, and the decoder has no input for one", {
      hint: "choose a protocol that feeds no mask back",
    });
  return {
    input_points: { dims: [1, 1, points.length, 2], data: Float32Array.from(points.flatMap(({ x, y }) => [x, y])) },
    input_labels: { dims: [1, 1, points.length], data: Float32Array.from(points, (point) => point.label) },
    input_boxes: { dims: [1, box === undefined ? 0 : 1, 4], data: Float32Array.from(corners(box)) },
  };
}

/** Returns the decoder's inputs for one prompt. A box is two points with labels of their own. */
function samexporterFeeds({ points, box, mask }: Prompt<"model">, side: number): NamedTensors {
  const coordinates = [...points.flatMap(({ x, y }) => [x, y]), ...corners(box)];
  const labels = [...points.map((point) => point.label), ...(box === undefined ? [] : [label.boxStart, label.boxEnd])];
  return {
    point_coords: { dims: [1, labels.length, 2], data: Float32Array.from(coordinates) },
    point_labels: { dims: [1, labels.length], data: Float32Array.from(labels) },
    mask_input: { dims: [1, 1, side, side], data: mask?.data ?? new Float32Array(side * side) },
    has_mask_input: { dims: [1], data: Float32Array.of(mask === undefined ? 0 : 1) },
  };
}

function corners(box: Box | undefined): readonly number[] {
  return box === undefined ? [] : [box.x0, box.y0, box.x1, box.y1];
}
