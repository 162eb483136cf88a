import type { Capability, GraphBody, MaskPrediction, Tensor } from "../../../harness/api.ts";
import { samInput, samMask } from "../../sam/presets.ts";
import { predictionOf } from "../../sam-decoder/prompts.ts";
import { declaredSide } from "../dimensions.ts";
import { encodedAndDecoded, floats, type Layout, unnamedFloats } from "../layout.ts";
import { takenInput } from "../normalisation.ts";
import { isLargestScore, isStabilityScore, producersOf } from "../stability.ts";
import { frameOf, officialDecoder, promptFeeds } from "./officialSam.ts";

/** Tokens of early layers: behind each global block of SAM's encoder, or of one layer of TinyViT. */
const early = ["layers", 1, "rows", "columns", "width"];

/**
 * Layout of the authors' export. It writes a decoder alone, whose one mask its flags decide. Source: scripts/export_onnx_model.py
 * and segment_anything/utils/onnx.py of sam-hq.
 */
export const hqSam: Layout = {
  title: "HQ-SAM's decoder export, with an encoder that gives early tokens too",
  takesEither: true,
  missing: {
    encoder:
      "HQ-SAM's authors export no encoder: export the model's image_encoder, with image_embeddings and interm_embeddings as outputs, the second stacked to [layers, 1, rows, columns, width]",
  },
  encoder: {
    inputs: [unnamedFloats("image", [1, 3, "side", "side"])],
    outputs: [
      unnamedFloats("image_embeddings", [1, "channels", "rows", "columns"]),
      unnamedFloats("interm_embeddings", early),
    ],
  },
  decoder: {
    inputs: [...officialDecoder.inputs, floats("interm_embeddings", early)],
    outputs: [floats("low_res_masks", [1, 1, "side", "side"]), floats("iou_predictions", [1, 1])],
  },
  describe: (pair, said) => {
    const { spec, note } = takenInput(pair.encoder.body, "image", said);
    const mask = pair.decoder.body === undefined ? defaults : maskOf(pair.decoder.body);
    const { chosen, logits, scores } = mask;
    return {
      input: { ...samInput, ...spec, side: declaredSide(pair.encoder, 2) ?? frameOf(pair) },
      mask: samMask,
      lacks: [
        ...(chosen === "most confident" ? (["single-mask-token"] as const) : []),
        "three-masks",
        ...(scores === "stability" ? (["predicted-iou"] as const) : []),
      ] satisfies readonly Capability[],
      lackReasons: { "three-masks": "HQ-SAM's script exports a decoder of one mask" },
      choosesUpTo: chosen === "most confident" ? Number.MAX_SAFE_INTEGER : undefined,
      notes: [
        note,
        chosenNotes[chosen],
        logitsNotes[logits],
        ...(scores === "stability" ? [stabilityNote] : []),
        "decode: one prompt a call, with the HQ features in each; the graph enlarges its mask itself, and the harness takes its low-res mask instead",
      ],
    };
  },
  open: (_, { encoder, decoder }) =>
    encodedAndDecoded({
      embedding: "image_embeddings",
      async encode({ tensor }) {
        const outputs = await encoder.run({ image: tensor }, ["image_embeddings", "interm_embeddings"]);
        // A skip connection belongs to one image, and says so by its first dimension.
        return { ...outputs, interm_embeddings: withDims(outputs.interm_embeddings!, (dims) => [1, ...dims]) };
      },
      async decode({ image_embeddings, interm_embeddings }, prompts) {
        const image = {
          image_embeddings: image_embeddings!,
          interm_embeddings: withDims(interm_embeddings!, (dims) => dims.slice(1)),
        };
        const side = 4 * image.image_embeddings.dims[2]!;
        const predictions: MaskPrediction[] = [];
        for (const prompt of prompts) {
          const feeds = { ...image, ...promptFeeds(prompt, side) };
          predictions.push(predictionOf(await decoder.run(feeds, ["low_res_masks", "iou_predictions"]), 0));
        }
        return predictions;
      },
    }),
};

/** Says which of SAM's masks the decoder takes, which logits it gives, and what its score is. */
interface OneMask {
  readonly chosen: "token 0" | "most confident";
  readonly logits: "SAM's and HQ" | "HQ alone";
  readonly scores: "predicted IoU" | "stability";
}

/** The export script gives this mask without a flag. */
const defaults: OneMask = { chosen: "token 0", logits: "SAM's and HQ", scores: "predicted IoU" };

const chosenNotes: Readonly<Record<OneMask["chosen"], string>> = {
  "token 0": "the decoder gives one mask, the single-mask token's",
  "most confident": "the decoder gives one mask, the most confident of three (--multimask-output)",
};
const logitsNotes: Readonly<Record<OneMask["logits"], string>> = {
  "SAM's and HQ": "its logits are SAM's plus those of the HQ mask, and the predicted IoU is of SAM's mask",
  "HQ alone": "its logits are the HQ mask's alone (--hq-token-only), and the predicted IoU is of SAM's mask",
};
const stabilityNote =
  "iou_predictions are stability scores (--use-stability-score), not the predicted IoU: ratios of two counts of mask pixels";

/** Finds out which flags the decoder was exported with: a choice gives the largest score, and two sets of logits are added. */
function maskOf(body: GraphBody): OneMask {
  const producers = producersOf(body.nodes);
  return {
    chosen: isLargestScore(body, "iou_predictions") ? "most confident" : "token 0",
    logits: producers.get("low_res_masks")?.operator === "Add" ? "SAM's and HQ" : "HQ alone",
    scores: isStabilityScore(body, "iou_predictions") ? "stability" : "predicted IoU",
  };
}

function withDims({ dims, data }: Tensor, change: (dims: readonly number[]) => readonly number[]): Tensor {
  return { dims: change(dims), data };
}
