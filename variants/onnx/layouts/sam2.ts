import type { Box, MaskPrediction, NamedTensors, Prompt } from "../../../harness/api.ts";
import { label, predictionOf } from "../../sam-decoder/prompts.ts";
import { sam2Input, sam2Mask } from "../../sam2-decoder/presets.ts";
import { declaredSide, requiredDim } from "../dimensions.ts";
import { encodedAndDecoded, floats, type Layout, numbers } from "../layout.ts";
import { takenInput } from "../normalisation.ts";

/** Pixels to one place of the coarsest embedding: they count where the encoder leaves its input's size open. */
export const pixelsAPlace = 16;

export const sam2Notes = ["one prompt a decoder call; padding points are the graph's own"];

/** What exports of SAM 2's classes name differently. */
interface Names {
  readonly title: string;
  /** Name of the maps at higher resolution, before their number. */
  readonly highResolution: string;
  /** Dimensions of the flag that a mask is given. */
  readonly hasMask: readonly (number | string)[];
  readonly masks: string;
  readonly notes: readonly string[];
}

/** Returns the layout of an export that wraps SAM 2's own classes: three masks a prompt, and a box as two points. */
function sam2Layout({ title, highResolution, hasMask, masks, notes }: Names): Layout {
  const fine = [0, 1].map((level) => floats(`${highResolution}_${level}`, [1, "channels", "rows", "columns"]));
  const coarse = floats("image_embed", [1, "channels", "rows", "columns"]);
  const maps = [...fine, coarse];
  return {
    title,
    encoder: { inputs: [floats("image", [1, 3, "side", "side"])], outputs: maps },
    decoder: {
      inputs: [
        ...maps,
        floats("point_coords", ["prompts", "points", 2]),
        numbers("point_labels", ["prompts", "points"]),
        floats("mask_input", ["prompts", 1, "side", "side"]),
        floats("has_mask_input", hasMask),
      ],
      outputs: [floats(masks, ["prompts", "masks", "side", "side"]), floats("iou_predictions", ["prompts", "masks"])],
    },
    takesEither: true,
    describe: ({ encoder }, said) => {
      const taken = takenInput(encoder.body, "image", said);
      const side = declaredSide(encoder, 2) ?? pixelsAPlace * requiredDim(encoder, "image_embed", 2);
      return {
        input: { ...sam2Input, ...taken.spec, side },
        mask: sam2Mask,
        lacks: ["single-mask-token"],
        notes: [taken.note, ...sam2Notes, ...notes],
      };
    },
    open: (_, { encoder, decoder }) =>
      encodedAndDecoded({
        embedding: "image_embed",
        encode: ({ tensor }) =>
          encoder.run(
            { image: tensor },
            maps.map(({ name }) => name!),
          ),
        decode: (image, prompts) =>
          oneByOne(prompts, async (prompt) => {
            const feeds = feedsOf(prompt, 4 * image.image_embed!.dims[2]!, hasMask.length);
            const outputs = await decoder.run({ ...image, ...feeds }, [masks, "iou_predictions"]);
            return { low_res_masks: outputs[masks]!, iou_predictions: outputs.iou_predictions! };
          }),
      }),
  };
}

/** Source: samexporter's export_sam2.py. */
export const samexporterSam2 = sam2Layout({
  title: "samexporter, SAM 2",
  highResolution: "high_res_feats",
  hasMask: ["prompts"],
  masks: "masks",
  notes: ["low-res logits are cut to ±32 in the graph; SAM 2 enlarges them as they are"],
});

/** Its decoder takes one prompt of any number of points. Source: export_onnx.py of the package sam2-onnx, 0.3. */
export const sam2Onnx = sam2Layout({
  title: "sam2-onnx, SAM 2",
  highResolution: "high_res_feat",
  hasMask: ["prompts", 1],
  masks: "low_res_masks",
  notes: ["photos are resized in float, as SAM 2 does it; sam2-onnx's own program resizes bytes"],
});

export async function oneByOne(
  prompts: readonly Prompt<"model">[],
  decode: (prompt: Prompt<"model">) => Promise<NamedTensors>,
): Promise<readonly MaskPrediction[]> {
  const predictions: MaskPrediction[] = [];
  for (const prompt of prompts) predictions.push(predictionOf(await decode(prompt), 0));
  return predictions;
}

/** Returns the decoder's inputs for one prompt. A box is two points with labels of their own; `rank` is the mask flag's. */
function feedsOf({ points, box, mask }: Prompt<"model">, side: number, rank: number): NamedTensors {
  const coordinates = [...points.flatMap(({ x, y }) => [x, y]), ...corners(box)];
  const labels = [...points.map((point) => point.label), ...(box === undefined ? [] : [label.boxStart, label.boxEnd])];
  return {
    point_coords: { dims: [1, labels.length, 2], data: Float32Array.from(coordinates) },
    point_labels: { dims: [1, labels.length], data: Float32Array.from(labels) },
    mask_input: { dims: [1, 1, side, side], data: mask?.data ?? new Float32Array(side * side) },
    has_mask_input: { dims: Array<number>(rank).fill(1), data: Float32Array.of(mask === undefined ? 0 : 1) },
  };
}

export function corners(box: Box | undefined): readonly number[] {
  return box === undefined ? [] : [box.x0, box.y0, box.x1, box.y1];
}
