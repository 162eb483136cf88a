import type { Capability, ModelInput, ModelInputSpec, NamedTensors, Prompt, Tensor } from "../../../harness/api.ts";
import type { Session } from "../../../harness/onnx/index.ts";
import { samInput, samMask } from "../../sam/presets.ts";
import { predictionOf, tokensOf } from "../../sam-decoder/prompts.ts";
import { declaredDim, declaredSide, requiredDim } from "../dimensions.ts";
import { samexporterFaults } from "../faults.ts";
import {
  type ByPart,
  encodedAndDecoded,
  floats,
  type GivenGraph,
  type Layout,
  numbers,
  type Pair,
  unnamedFloats,
  type WantedGraph,
} from "../layout.ts";
import { renamedTrial } from "../names.ts";
import { takenInput } from "../normalisation.ts";
import { isStabilityScore } from "../stability.ts";
import { rowsOfPixels } from "./pixels.ts";

/** Number of masks that the decoder gives when it gives them all: the first is the single-mask token's. */
const maskTokens = 4;
/**
 * Number of points, padding counted, up to which a decoder of one mask gives the most confident of three. Source:
 * SamOnnxModel.select_masks.
 */
const choosesUpTo = 2;
const oneMaskNote = `the decoder gives one mask (--return-single-mask): the most confident of three for up to ${choosesUpTo} points, two for a box and one of padding without a box counted, the single-mask token's for more`;
const stabilityNote =
  "iou_predictions are stability scores (--use-stability-score), not the predicted IoU: ratios of two counts of mask pixels";

/** Proportion that SAM's model frame has to low-res logits: it counts where the encoder leaves its input's size open. */
const framePerLogit = 4;

/** Source: segment_anything/utils/onnx.py and scripts/export_onnx_model.py; samexporter's export_decoder.py writes the same. */
export const officialDecoder: WantedGraph = {
  inputs: [
    floats("image_embeddings", [1, "channels", "rows", "columns"]),
    floats("point_coords", [1, "points", 2]),
    numbers("point_labels", [1, "points"]),
    floats("mask_input", [1, 1, "side", "side"]),
    floats("has_mask_input", [1]),
    numbers("orig_im_size", [2]),
  ],
  outputs: [floats("low_res_masks", [1, "masks", "side", "side"]), floats("iou_predictions", [1, "masks"])],
};

/** Layout of the official export. It writes a decoder alone; encoders come from elsewhere, under any names. */
export const officialSam: Layout = {
  title: "SAM's official decoder export, with an encoder from another file",
  takesEither: true,
  encoder: {
    inputs: [unnamedFloats("input_image", [1, 3, "side", "side"])],
    outputs: [unnamedFloats("image_embeddings", [1, "channels", "rows", "columns"])],
  },
  decoder: officialDecoder,
  describe: (pair, said) => {
    const { spec, note } = takenInput(pair.encoder.body, "input_image", said);
    return describe(pair, { ...samInput, ...spec, side: declaredSide(pair.encoder, 2) ?? frameOf(pair) }, [note]);
  },
  open: (_, sessions) => open(sessions, ({ tensor }) => tensor),
};

/** Source: samexporter's export_encoder.py and onnx_utils.py. */
export const samexporterSam: Layout = {
  ...officialSam,
  title: "samexporter, SAM or MobileSAM",
  encoder: {
    inputs: [floats("input_image", [1, 3, "side", "side"])],
    outputs: [floats("image_embeddings", [1, "channels", "rows", "columns"])],
  },
  async describe(pair, said) {
    const { notes, ...traits } = await officialSam.describe(pair, said);
    return { ...traits, notes: [...samexporterFaults(pair.encoder.body), ...notes] };
  },
};

/** Layout whose encoder normalises and pads: it takes the resized photo's own rows of pixels, 0 … 255. */
export const samexporterSamPreprocessing: Layout = {
  decoder: officialDecoder,
  title: "samexporter, SAM or MobileSAM with pre-processing in the encoder (--use-preprocess)",
  encoder: {
    inputs: [floats("input_image", ["height", "width", 3])],
    outputs: [floats("image_embeddings", [1, "channels", "rows", "columns"])],
  },
  describe: (pair) =>
    describe(
      pair,
      { ...samInput, side: declaredSide(pair.encoder, 0) ?? frameOf(pair), mean: [0, 0, 0], std: [1, 1, 1] },
      [
        ...samexporterFaults(pair.encoder.body),
        "pre-processing: the encoder normalises and pads, so the harness only resizes; encode includes both",
      ],
    ),
  open: (_, sessions) => open(sessions, rowsOfPixels),
};

/** Returns the side of the model frame, by that of the mask prompt. */
export function frameOf({ decoder }: Pair): number {
  return framePerLogit * requiredDim(decoder, "mask_input", 2);
}

async function describe(pair: Pair, input: ModelInputSpec, notes: readonly string[]) {
  const tokens = declaredDim(pair.decoder, "iou_predictions", 1) ?? (await tokensFound(pair.decoder));
  const stability = pair.decoder.body !== undefined && isStabilityScore(pair.decoder.body, "iou_predictions");
  const lacks: readonly Capability[] = [
    ...(tokens === maskTokens ? [] : (["single-mask-token"] as const)),
    ...(tokens === 1 ? (["three-masks"] as const) : []),
    ...(stability ? (["predicted-iou"] as const) : []),
  ];
  return {
    input,
    mask: samMask,
    lacks,
    choosesUpTo: tokens === 1 ? choosesUpTo : undefined,
    notes: [
      ...notes,
      ...(tokens === 1 ? [oneMaskNote] : []),
      ...(stability ? [stabilityNote] : []),
      "decode: one prompt a call, and the graph enlarges every mask itself; the harness takes its low-res masks instead",
    ],
  };
}

/** Finds the number of masks where the file does not declare it, by decoding a prompt of one padding point. */
async function tokensFound(graph: GivenGraph): Promise<number> {
  const axis = (name: string, i: number) => requiredDim(graph, name, i);
  const embedding = [1, ...[1, 2, 3].map((i) => axis("image_embeddings", i))];
  const feeds = {
    image_embeddings: zeros(embedding),
    ...promptFeeds({ frame: "model", points: [] }, axis("mask_input", 2)),
  };
  const { iou_predictions } = await renamedTrial(graph, feeds, ["iou_predictions"]);
  return iou_predictions!.dims[1]!;
}

function open({ encoder, decoder }: ByPart<"encoder" | "decoder", Session>, inputOf: (input: ModelInput) => Tensor) {
  return encodedAndDecoded({
    embedding: "image_embeddings",
    encode: (input) => encoder.run({ input_image: inputOf(input) }, ["image_embeddings"]),
    async decode(shared, prompts) {
      const predictions = [];
      // As the embedding, low-res logits have four times its rows.
      const side = 4 * shared.image_embeddings!.dims[2]!;
      for (const prompt of prompts) {
        const outputs = await decoder.run({ ...shared, ...promptFeeds(prompt, side) }, [
          "low_res_masks",
          "iou_predictions",
        ]);
        predictions.push(predictionOf(outputs, 0));
      }
      return predictions;
    },
  });
}

/**
 * Returns the decoder's inputs for one prompt. The image's size only decides how far the graph enlarges its masks, which are
 * not used: the size of the low-res masks costs the least.
 */
export function promptFeeds(prompt: Prompt<"model">, side: number): NamedTensors {
  const { coordinates, labels, mask } = tokensOf(prompt);
  return {
    point_coords: { dims: [1, labels.length, 2], data: Float32Array.from(coordinates) },
    point_labels: { dims: [1, labels.length], data: Float32Array.from(labels) },
    mask_input: mask === undefined ? zeros([1, 1, side, side]) : { dims: [1, 1, side, side], data: mask.data },
    has_mask_input: { dims: [1], data: Float32Array.of(mask === undefined ? 0 : 1) },
    orig_im_size: { dims: [2], data: Float32Array.of(side, side) },
  };
}

function zeros(dims: readonly number[]): Tensor {
  return { dims, data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)) };
}
