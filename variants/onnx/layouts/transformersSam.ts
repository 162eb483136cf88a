import type { MaskPrediction, NamedTensors, Point, Prompt } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { samInput, samMask } from "../../sam/presets.ts";
import { batchesOf, mostPrompts } from "../../sam-decoder/batches.ts";
import { predictionOf } from "../../sam-decoder/prompts.ts";
import { declaredSide, requiredDim } from "../dimensions.ts";
import { encodedAndDecoded, floats, type Layout, numbers } from "../layout.ts";
import { takenInput } from "../normalisation.ts";

/** Side of SAM's patches, px: it counts where the encoder leaves its input's size open. */
const pixelsAToken = 16;

const embedding = ["batch", "channels", "rows", "columns"];

/**
 * Layout of optimum's SamModel: it gives all masks but the first, has no mask input and takes points alone. The decoder appends
 * the padding point of a prompt without box itself. Source: optimum's SamOnnxConfig, transformers.js' SamModel.
 */
export const transformersSam: Layout = {
  title: "transformers.js, SAM or SlimSAM (vision_encoder, prompt_encoder_mask_decoder)",
  encoder: {
    inputs: [floats("pixel_values", ["batch", 3, "side", "side"])],
    outputs: [floats("image_embeddings", embedding), floats("image_positional_embeddings", embedding)],
  },
  decoder: {
    inputs: [
      numbers("input_labels", ["batch", "prompts", "points"]),
      floats("input_points", ["batch", "prompts", "points", 2]),
      floats("image_embeddings", embedding),
      floats("image_positional_embeddings", embedding),
    ],
    outputs: [
      floats("iou_scores", ["batch", "prompts", "masks"]),
      floats("pred_masks", ["batch", "prompts", "masks", "side", "side"]),
    ],
  },
  takesEither: true,
  describe: ({ encoder }, said) => ({
    input: {
      ...samInput,
      ...takenInput(encoder.body, "pixel_values", said).spec,
      side: declaredSide(encoder, 2) ?? pixelsAToken * requiredDim(encoder, "image_embeddings", 2),
    },
    mask: samMask,
    lacks: ["single-mask-token", "mask-input", "box-prompt"],
    lackReasons: {
      "box-prompt":
        "the decoder that transformers.js and optimum export takes points alone, so a box can not be given to it",
      "mask-input": "the decoder that transformers.js and optimum export takes points alone",
    },
    notes: [
      takenInput(encoder.body, "pixel_values", said).note,
      "the decoder takes points alone: no boxes, no masks; decode latency is of one point",
      "three masks a prompt: the export leaves out the first, the single-mask token's",
    ],
  }),
  open: (_, { encoder, decoder }) =>
    encodedAndDecoded({
      embedding: "image_embeddings",
      encode: ({ tensor }) =>
        encoder.run({ pixel_values: tensor }, ["image_embeddings", "image_positional_embeddings"]),
      async decode(image, prompts) {
        const predictions = new Array<MaskPrediction>(prompts.length);
        const byLength = { most: mostPrompts, shapeOf: (points: readonly Point[]) => String(points.length) };
        for (const batch of batchesOf(prompts.map(pointsAlone), byLength)) {
          const feeds = feedsOf(batch.map(({ prompt }) => prompt));
          const outputs = await decoder.run({ ...image, ...feeds }, ["iou_scores", "pred_masks"]);
          const named = withoutBatch(outputs);
          for (const [i, { index }] of batch.entries()) predictions[index] = predictionOf(named, i);
        }
        return predictions;
      },
    }),
};

/** Returns the prompt's points. Throws HarnessError for a prompt with a box or a mask. */
function pointsAlone({ points, box, mask }: Prompt<"model">): readonly Point[] {
  if (box === undefined && mask === undefined) return points;
  throw new HarnessError("transformers.js, SAM: a prompt brings a box or a mask, and the decoder takes points alone", {
    hint: "choose prompts of points, such as --prompts 1p,3p",
  });
}

function feedsOf(batch: readonly (readonly Point[])[]): NamedTensors {
  const points = batch[0]!.length;
  const all = batch.flat();
  return {
    input_points: { dims: [1, batch.length, points, 2], data: Float32Array.from(all.flatMap(({ x, y }) => [x, y])) },
    input_labels: { dims: [1, batch.length, points], data: Float32Array.from(all, ({ label }) => label) },
  };
}

/** Returns the outputs under SAM's names, without the images' own dimension. */
export function withoutBatch({ pred_masks, iou_scores }: NamedTensors): NamedTensors {
  return {
    low_res_masks: { dims: pred_masks!.dims.slice(1), data: pred_masks!.data },
    iou_predictions: { dims: iou_scores!.dims.slice(1), data: iou_scores!.data },
  };
}
