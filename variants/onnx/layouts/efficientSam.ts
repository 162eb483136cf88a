import { basename } from "node:path";
import type { MaskPrediction, NamedTensors, Prompt } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { pointsAPrompt as authorsPoints } from "../../efficientsam/config.ts";
import { pointsOf } from "../../efficientsam/prompts.ts";
import { type PromptTokens, predictionOf } from "../../sam-decoder/prompts.ts";
import { declaredDim, declaredSide, requiredDim } from "../dimensions.ts";
import { encodedAndDecoded, floats, type Layout, numbers, type Pair } from "../layout.ts";

/** Side of EfficientSAM's patches, px: it counts where the encoder leaves its input's size open. */
const pixelsAToken = 16;
/** Rows of low-res logits that belong to one row of the image embedding. */
const logitsAPlace = 4;

/** Padding point: the authors' code knows it by its label and does not look at its place. */
const padding = { coordinates: [-1, -1], label: -1 } as const;

/**
 * Layout of the authors' split export. The photo is stretched to the model's square by the harness, as it is for the built-in
 * variant: the encoder's own resizing then has nothing left to do. Its normalisation is in the graph and takes 0 … 1.
 * Source: EfficientSAM's export_to_onnx.py and onnx_models.py; samexporter runs the same files.
 */
export const efficientSam: Layout = {
  title: "EfficientSAM's split export (also samexporter's)",
  encoder: {
    inputs: [floats("batched_images", ["batch", 3, "height", "width"])],
    outputs: [floats("image_embeddings", ["batch", "channels", "rows", "columns"])],
  },
  decoder: {
    inputs: [
      floats("image_embeddings", ["batch", "channels", "rows", "columns"]),
      floats("batched_point_coords", [1, "prompts", "points", 2]),
      numbers("batched_point_labels", [1, "prompts", "points"]),
      numbers("orig_im_size", [2]),
    ],
    outputs: [
      floats("output_masks", ["batch", "prompts", "masks", "height", "width"]),
      floats("iou_predictions", ["batch", "prompts", "masks"]),
    ],
  },
  describe: (pair) => {
    const points = pointsAPrompt(pair);
    const [side] = sidesOf(pair);
    return {
      input: { side, fit: "stretch", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [255, 255, 255] },
      mask: { path: "direct", interpolation: "bicubic", threshold: ">=0" },
      lacks: [
        "single-mask-token",
        "mask-input",
        ...(points === undefined || points > 1 ? [] : ["box-prompt" as const]),
      ],
      maxPoints: Math.min(points ?? authorsPoints, authorsPoints),
      notes: [
        "pre-processing: the encoder normalises; the harness resizes, and the encoder's own resizing leaves the result as it is",
        "masks: low-res logits, enlarged bicubically by the harness as the authors' code does; the export would enlarge them bilinearly",
        ...(points === undefined
          ? []
          : [`the decoder takes ${points} point${points === 1 ? "" : "s"} a prompt, no more`]),
      ],
    };
  },
  open: (pair, { encoder, decoder }) => {
    const limit = pointsAPrompt(pair);
    const [side, lowSide] = sidesOf(pair);
    return encodedAndDecoded({
      embedding: "image_embeddings",
      encode: ({ tensor }) => encoder.run({ batched_images: tensor }, ["image_embeddings"]),
      async decode(image, prompts) {
        const predictions: MaskPrediction[] = [];
        for (const prompt of prompts) {
          const feeds = feedsOf(filledUp(prompt, limit, pair.decoder.file), { side, lowSide });
          const outputs = await decoder.run({ ...image, ...feeds }, ["output_masks", "iou_predictions"]);
          const { output_masks, iou_predictions } = outputs;
          const low_res_masks = { dims: output_masks!.dims.slice(1), data: output_masks!.data };
          const iou = { dims: iou_predictions!.dims.slice(1), data: iou_predictions!.data };
          predictions.push(predictionOf({ low_res_masks, iou_predictions: iou }, 0));
        }
        return predictions;
      },
    });
  },
};

/** Returns the sides of the model frame and of low-res logits. */
function sidesOf({ encoder, decoder }: Pair): readonly [side: number, lowSide: number] {
  const grid = requiredDim(decoder, "image_embeddings", 2);
  return [declaredSide(encoder, 2) ?? pixelsAToken * grid, logitsAPlace * grid];
}

/** Returns the number of points that a prompt must hold, where the file fixes it: the authors' own export fixes it at one. */
function pointsAPrompt({ decoder }: Pair): number | undefined {
  const prompts = declaredDim(decoder, "batched_point_coords", 1) ?? 1;
  if (prompts !== 1)
    throw new HarnessError(
      `${basename(decoder.file)}: the decoder takes ${prompts} prompts at once, no more and no less`,
      {
        hint: "export it with the number of prompts left open, or one",
      },
    );
  return declaredDim(decoder, "batched_point_coords", 2);
}

function filledUp(prompt: Prompt<"model">, limit: number | undefined, file: string): PromptTokens {
  const { coordinates, labels } = pointsOf(prompt);
  const missing = (limit ?? labels.length) - labels.length;
  if (missing < 0)
    throw new HarnessError(`${basename(file)}: a prompt holds too many points`, {
      found: `${labels.length}, a box counting as two`,
      expected: `at most ${limit}, as the decoder was exported`,
      hint: "choose prompts of fewer points, or export it with their number left open",
    });
  return {
    coordinates: [...coordinates, ...Array.from({ length: missing }, () => padding.coordinates).flat()],
    labels: [...labels, ...Array.from({ length: missing }, () => padding.label)],
  };
}

/**
 * Returns the decoder's inputs for one prompt. The graph brings points from the image's size to the model's, and masks from
 * low-res logits to the image's size. For an image as large as the low-res logits the second is no step at all, and they come
 * out as they are.
 */
function feedsOf(
  { coordinates, labels }: PromptTokens,
  { side, lowSide }: { readonly side: number; readonly lowSide: number },
): NamedTensors {
  const scale = lowSide / side;
  return {
    batched_point_coords: {
      dims: [1, 1, labels.length, 2],
      data: Float32Array.from(coordinates, (value) => value * scale),
    },
    batched_point_labels: { dims: [1, 1, labels.length], data: Float32Array.from(labels) },
    orig_im_size: { dims: [2], data: Float32Array.of(lowSide, lowSide) },
  };
}
