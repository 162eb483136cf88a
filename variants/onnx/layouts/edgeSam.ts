import type { GraphBody, MaskPrediction, NamedTensors, Prompt } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { samInput, samMask } from "../../sam/presets.ts";
import { predictionOf, promptTensors, tokensOf, withoutPadding } from "../../sam-decoder/prompts.ts";
import { declaredSide, requiredDim } from "../dimensions.ts";
import { encodedAndDecoded, floats, type Layout, numbers } from "../layout.ts";
import { takenInput } from "../normalisation.ts";
import { isStabilityScore } from "../stability.ts";

/** Pixels to one place of the embedding: they count where the encoder leaves its input's size open. */
const pixelsAPlace = 16;

const paddingNote =
  "no padding point is fed, since the export's own predictor feeds none: without a box, masks are not those of edgesam, whose predictor feeds one";
const bilinearNote =
  "the encoder enlarges its coarse map bilinearly, as the authors' export script asks for; edgesam enlarges it bicubically, as the checkpoint is published, and has other masks";
const stabilityNote =
  "scores are stability scores (--use-stability-score), not the predicted IoU: ratios of two counts of mask pixels";

/**
 * Layout of the authors' export: four masks, the single-mask token's first, and no mask prompt. Source:
 * scripts/export_onnx_model.py, edge_sam/utils/coreml.py and edge_sam/onnx/predictor_onnx.py of chongzhou96/EdgeSAM.
 */
export const edgeSam: Layout = {
  title: "EdgeSAM's export",
  takesEither: true,
  encoder: {
    inputs: [floats("image", [1, 3, "side", "side"])],
    outputs: [floats("image_embeddings", [1, "channels", "rows", "columns"])],
  },
  decoder: {
    inputs: [
      floats("image_embeddings", [1, "channels", "rows", "columns"]),
      floats("point_coords", [1, "points", 2]),
      numbers("point_labels", [1, "points"]),
    ],
    outputs: [floats("scores", [1, 4]), floats("masks", [1, 4, "side", "side"])],
  },
  describe: ({ encoder, decoder }, said) => {
    const { spec, note } = takenInput(encoder.body, "image", said);
    const stability = decoder.body !== undefined && isStabilityScore(decoder.body, "scores");
    const bilinear = encoder.body !== undefined && enlargesBilinearly(encoder.body);
    return {
      input: {
        ...samInput,
        ...spec,
        side: declaredSide(encoder, 2) ?? pixelsAPlace * requiredDim(decoder, "image_embeddings", 2),
      },
      mask: samMask,
      lacks: ["mask-input", ...(stability ? (["predicted-iou"] as const) : [])],
      notes: [
        note,
        paddingNote,
        ...(bilinear ? [bilinearNote] : []),
        ...(stability ? [stabilityNote] : []),
        "decode: one prompt a call",
      ],
    };
  },
  open: (_, { encoder, decoder }) =>
    encodedAndDecoded({
      embedding: "image_embeddings",
      encode: ({ tensor }) => encoder.run({ image: tensor }, ["image_embeddings"]),
      async decode(image, prompts) {
        const predictions: MaskPrediction[] = [];
        for (const prompt of prompts) {
          const { scores, masks } = await decoder.run({ ...image, ...feedsOf(prompt) }, ["scores", "masks"]);
          predictions.push(predictionOf({ low_res_masks: masks!, iou_predictions: scores! }, 0));
        }
        return predictions;
      },
    }),
};

function feedsOf(prompt: Prompt<"model">): NamedTensors {
  if (prompt.mask !== undefined)
    throw new HarnessError("EdgeSAM's export: a prompt brings a mask, and the decoder has no input for one", {
      hint: "choose a protocol that feeds no mask back",
    });
  return promptTensors([withoutPadding(tokensOf(prompt))]);
}

function enlargesBilinearly({ nodes }: GraphBody): boolean {
  return nodes.some(({ operator, attributes }) => operator === "Resize" && attributes?.mode === "linear");
}
