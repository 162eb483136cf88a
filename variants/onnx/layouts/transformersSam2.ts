import type { ModelInputSpec, NamedTensors, Prompt, Rgb } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { sam2Input, sam2Mask } from "../../sam2-decoder/presets.ts";
import { declaredSide, requiredDim } from "../dimensions.ts";
import { encodedAndDecoded, floats, type Layout, numbers, type Wanted } from "../layout.ts";
import { takenInput } from "../normalisation.ts";
import { corners, oneByOne, pixelsAPlace, sam2Notes } from "./sam2.ts";
import { withoutBatch } from "./transformersSam.ts";

/** Names of the embeddings at three resolutions, fine to coarse. */
const levels = [0, 1, 2].map((level) => `image_embeddings.${level}`);
const coarsest = levels[2]!;

/** In what models of the same names differ. */
interface Model {
  readonly title: string;
  readonly input: Omit<ModelInputSpec, "side">;
  /** Rows and columns of the coarsest embedding: a number has to hold. */
  readonly places: number | string;
  readonly pixelsAPlace: number;
  readonly notes: readonly string[];
}

function transformersLayout({ title, input, places, pixelsAPlace, notes }: Model): Layout {
  const maps: readonly Wanted[] = levels.map((name) =>
    floats(name, ["batch", "channels", ...(name === coarsest ? [places, places] : ["rows", "columns"])]),
  );
  return {
    title: `transformers.js, ${title} (vision_encoder, prompt_encoder_mask_decoder)`,
    encoder: { inputs: [floats("pixel_values", ["batch", 3, "side", "side"])], outputs: maps },
    decoder: {
      inputs: [
        ...maps,
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
    describe: ({ encoder }, said) => {
      const taken = takenInput(encoder.body, "pixel_values", said, input);
      const side = declaredSide(encoder, 2) ?? pixelsAPlace * requiredDim(encoder, coarsest, 2);
      return {
        input: { ...input, ...taken.spec, side },
        mask: sam2Mask,
        lacks: ["single-mask-token", "mask-input"],
        notes: [taken.note, ...sam2Notes, ...notes],
      };
    },
    open: (_, { encoder, decoder }) =>
      encodedAndDecoded({
        embedding: coarsest,
        encode: ({ tensor }) => encoder.run({ pixel_values: tensor }, levels),
        decode: (image, prompts) =>
          oneByOne(prompts, async (prompt) =>
            withoutBatch(await decoder.run({ ...image, ...feedsOf(prompt, title) }, ["iou_scores", "pred_masks"])),
          ),
      }),
  };
}

/** Source: transformers.js' Sam2Model, as onnx-community's files name their values. */
export const transformersSam2 = transformersLayout({
  title: "SAM 2",
  input: sam2Input,
  places: "rows",
  pixelsAPlace,
  notes: [],
});

/** SAM 3 scales pixels to -1 … 1. */
const middle: Rgb = [127.5, 127.5, 127.5];

/**
 * Layout of SAM 3's tracker, which takes points and boxes as SAM 2 does. It has SAM 2's names, and is told by its 72 x 72 places
 * of 14 px. Source: transformers.js' Sam3TrackerModel; transformers' Sam3TrackerConfig and Sam3ImageProcessor, which resizes bytes.
 */
export const transformersSam3Tracker = transformersLayout({
  title: "SAM 3's tracker",
  input: { ...sam2Input, resize: "pillow-bilinear", mean: middle, std: middle },
  places: 72,
  pixelsAPlace: 14,
  notes: [
    "SAM 3's tracker alone, prompted by points and boxes: the detector, which takes words, is not in these files",
  ],
});

/**
 * Returns the decoder's inputs for one prompt. Without points or without a box the prompt has an empty tensor in their place.
 */
function feedsOf({ points, box, mask }: Prompt<"model">, title: string): NamedTensors {
  if (mask !== undefined)
    throw new HarnessError(`transformers.js, ${title}: a prompt brings a mask, and the decoder has no input for one`, {
      hint: "choose a protocol that feeds no mask back",
    });
  return {
    input_points: { dims: [1, 1, points.length, 2], data: Float32Array.from(points.flatMap(({ x, y }) => [x, y])) },
    input_labels: { dims: [1, 1, points.length], data: Float32Array.from(points, (point) => point.label) },
    input_boxes: { dims: [1, box === undefined ? 0 : 1, 4], data: Float32Array.from(corners(box)) },
  };
}
