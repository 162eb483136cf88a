import { basename } from "node:path";
import type { ModelInputSpec, NamedTensors, Tensor } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { prototypes, strides } from "../../fastsam/config.ts";
import { fastSamOf } from "../../fastsam/load.ts";
import { fastSamNotes, fastSamTraits, letterbox } from "../../fastsam/presets.ts";
import { declaredSide } from "../dimensions.ts";
import { floats, type GivenGraph, type Layout } from "../layout.ts";

/** Rows of a detection: the box's middle and size, one class's score, and the prototypes' coefficients. */
const rows = { boxes: 4, scores: 1, coefficients: prototypes };
const rowCount = rows.boxes + rows.scores + rows.coefficients;

/** Longer side of the frame where the file takes images of any size: FastSAM's published one. */
const publishedSide = 1024;

/** Source: ultralytics' export of a segmentation model to ONNX (engine/exporter.py), without its nms option. */
export const fastSam: Layout<"encoder"> = {
  title: "FastSAM, ultralytics' export",
  encoder: {
    inputs: [floats("images", ["batch", 3, "height", "width"])],
    outputs: [
      floats("output0", ["batch", rowCount, "anchors"]),
      floats("output1", ["batch", prototypes, "rows", "columns"]),
    ],
  },
  describe: ({ encoder }) => ({
    ...fastSamTraits,
    input: inputOf(encoder),
    notes: [preparation[takesAnySize(encoder) ? "any" : "one"], ...fastSamNotes],
  }),
  open: (_, { encoder }) =>
    fastSamOf(async (image) => partsOfOutputs(await encoder.run({ images: image }, ["output0", "output1"]))),
};

const preparation = {
  one: "every photo lies in the square that the file was exported for, as ultralytics' predictor runs such files: bytes resized by OpenCV's bilinear, the rest grey. The authors' own figures are of frames padded to the next multiple of 32 px alone",
  any: `as ultralytics' predictor runs files for images of any size: bytes resized by OpenCV's bilinear to ${publishedSide} px on the longer side, both sides padded with grey to the next multiple of ${strides[2]} px`,
};

/** Throws HarnessError for a frame that is no square. */
function inputOf(encoder: GivenGraph): ModelInputSpec {
  const spec = { ...letterbox, resize: "opencv-bilinear" } as const;
  if (takesAnySize(encoder)) return { ...spec, side: publishedSide, multipleOf: strides[2] };
  const side = declaredSide(encoder, 2);
  if (side !== undefined) return { ...spec, side };
  throw new HarnessError(`${basename(encoder.file)}: FastSAM's frame must be a square, or open`, {
    found: `images [${encoder.inputs[0]!.dims?.join(", ")}]`,
    hint: `export it with imgsz=${publishedSide}, or with dynamic=True`,
  });
}

function takesAnySize({ inputs }: GivenGraph): boolean {
  const dims = inputs[0]!.dims?.slice(2) ?? [];
  return dims.length > 0 && dims.every((dim) => typeof dim === "string");
}

/** Returns the rows of the detections apart, [1, rows, anchors] each, and the prototypes. */
function partsOfOutputs({ output0, output1 }: NamedTensors): NamedTensors {
  const { dims, data } = output0!;
  const anchors = dims[2]!;
  let start = 0;
  const taken = (count: number): Tensor => {
    const part = data.subarray(start * anchors, (start + count) * anchors);
    start += count;
    return { dims: [1, count, anchors], data: part };
  };
  return {
    boxes: taken(rows.boxes),
    scores: taken(rows.scores),
    coefficients: taken(rows.coefficients),
    prototypes: output1!,
  };
}
