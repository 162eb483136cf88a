import type { NamedTensors, Prompt } from "../../../harness/api.ts";
import { predictionOf, withoutPadding } from "../../sam-decoder/prompts.ts";
import { chosenByStability, sam2Input, sam2Mask } from "../../sam2-decoder/presets.ts";
import { sam2TokensOf } from "../../sam2-decoder/prompts.ts";
import { withSingleMask } from "../../sam2-decoder/singleMask.ts";
import { declaredSide, requiredDim } from "../dimensions.ts";
import { encodedAndDecoded, floats, type Layout, numbers } from "../layout.ts";
import { takenInput } from "../normalisation.ts";
import { pixelsAPlace } from "./sam2.ts";

const map = ["batch", "channels", "rows", "columns"];

const notes = [
  "no_mem_embed, which SAM 2's predictor adds to the image embedding, is in none of the three files and is not added: masks are not those of the checkpoint. The convolutions of the high-resolution maps are in the encoder",
  chosenByStability,
  "decode: one prompt a call of two graphs, that of the prompts and that of the masks; padding points are the graph's own",
];

/**
 * Layout of SAM 2 with a graph of its own for prompts, of which ailia's models are. Source: sam2/sam2_image_predictor.py and
 * sam2/modeling/sam/prompt_encoder.py of axinc-ai/segment-anything-2.
 */
export const sam2InThree: Layout<"encoder" | "prompts" | "decoder"> = {
  title: "axinc-ai, SAM 2 in three files (image_encoder, prompt_encoder, mask_decoder)",
  takesEither: true,
  encoder: {
    inputs: [floats("input_image", [1, 3, "side", "side"])],
    outputs: [floats("vision_features", map), floats("backbone_fpn_0", map), floats("backbone_fpn_1", map)],
  },
  prompts: {
    inputs: [
      floats("coords", ["prompts", "points", 2]),
      numbers("labels", ["prompts", "points"]),
      floats("masks", ["prompts", "side", "side"]),
      numbers("masks_enable", [1]),
    ],
    outputs: [
      floats("sparse_embeddings", ["prompts", "points", "channels"]),
      floats("dense_embeddings", map),
      floats("dense_pe", map),
    ],
  },
  decoder: {
    inputs: [
      floats("image_embeddings", map),
      floats("image_pe", map),
      floats("sparse_prompt_embeddings", ["prompts", "points", "channels"]),
      floats("dense_prompt_embeddings", map),
      floats("high_res_features1", map),
      floats("high_res_features2", map),
    ],
    outputs: [floats("masks", ["prompts", 4, "side", "side"]), floats("iou_pred", ["prompts", 4])],
  },
  describe: ({ encoder, decoder }, said) => {
    const { spec, note } = takenInput(encoder.body, "input_image", said);
    const side = declaredSide(encoder, 2) ?? pixelsAPlace * requiredDim(decoder, "image_embeddings", 2);
    return { input: { ...sam2Input, ...spec, side }, mask: sam2Mask, lacks: [], notes: [note, ...notes] };
  },
  open: (_, { encoder, prompts, decoder }) =>
    encodedAndDecoded({
      embedding: "image_embeddings",
      async encode({ tensor }) {
        const wanted = ["vision_features", "backbone_fpn_0", "backbone_fpn_1"];
        const { vision_features, backbone_fpn_0, backbone_fpn_1 } = await encoder.run({ input_image: tensor }, wanted);
        return {
          image_embeddings: vision_features!,
          high_res_features1: backbone_fpn_0!,
          high_res_features2: backbone_fpn_1!,
        };
      },
      async decode(image, asked) {
        const predictions = [];
        // As the embedding, low-res logits have four times its rows.
        const side = 4 * image.image_embeddings!.dims[2]!;
        for (const prompt of asked) {
          const { sparse_embeddings, dense_embeddings, dense_pe } = await prompts.run(feedsOf(prompt, side));
          const feeds = {
            ...image,
            image_pe: dense_pe!,
            sparse_prompt_embeddings: sparse_embeddings!,
            dense_prompt_embeddings: dense_embeddings!,
          };
          const { masks, iou_pred } = await decoder.run(feeds, ["masks", "iou_pred"]);
          predictions.push(withSingleMask(predictionOf({ low_res_masks: masks!, iou_predictions: iou_pred! }, 0)));
        }
        return predictions;
      },
    }),
};

/** Returns the inputs of the prompts' graph. It takes a box as two points, and always appends a padding point itself. */
function feedsOf(prompt: Prompt<"model">, side: number): NamedTensors {
  const { coordinates, labels, mask } = withoutPadding(sam2TokensOf(prompt));
  return {
    coords: { dims: [1, labels.length, 2], data: Float32Array.from(coordinates) },
    labels: { dims: [1, labels.length], data: Float32Array.from(labels) },
    masks: { dims: [1, side, side], data: mask?.data ?? new Float32Array(side * side) },
    masks_enable: { dims: [1], data: Float32Array.of(mask === undefined ? 0 : 1) },
  };
}
