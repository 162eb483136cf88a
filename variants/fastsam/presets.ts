import type { PublishedCheckpoint, VariantManifest } from "../../harness/api.ts";
import { fastSamConfigs } from "./config.ts";
import { inertClasses } from "./inertClasses.ts";

const licence = "Apache-2.0";
const paper = { title: "Fast Segment Anything", arxiv: "2306.12156", year: 2023 };

const notes = [
  "the image lies in a square of 1024 px; the authors' predictor pads the shorter side to the next multiple of 32 px only, which costs less for oblong photos and leaves less grey for the network to see",
  "resized in float, where the authors' OpenCV rounds to 8 bits",
  "confidence above 0.4, suppression at IoU 0.9, at most 300 detections, boxes drawn to a near border, masks at image size: as the authors call their predictor",
  "encode is the everything pass: network, suppression and all masks; decode chooses among them and costs next to nothing",
  "it can not take a box and points together, nor a mask",
];

export const fastSamPresets: readonly VariantManifest[] = [
  preset("fastsam-s", "FastSAM-s", {
    printed: { parameters: 11.8e6 },
    published: {
      id: "FastSAM-s",
      url: "https://drive.google.com/uc?export=download&id=10XmSj6mmpmRb8NhXbtiuO9cTTBwR_9SV",
      licence,
    },
    notes: ["parameters as ultralytics prints them for YOLOv8s-seg; the paper has none"],
  }),
  preset("fastsam-x", "FastSAM-x", {
    printed: { parameters: 71.8e6 },
    published: {
      id: "FastSAM-x",
      url: "https://huggingface.co/spaces/An-619/FastSAM/resolve/4d2656676ef9167f99978ef5a2c9f23b80c68146/checkpoints/FastSAM.pt",
      bytes: 144943063,
      sha256: "c0be4e7ddbe4c15333d15a859c676d053c486d0a746a3be6a7a9790d52a9b6d7",
      licence,
    },
    notes: [
      "parameters as ultralytics prints them for YOLOv8x-seg; the paper prints 68 M, which is YOLOv8x without the mask branch",
      "the paper prints no multiply-accumulates; EdgeSAM's prints 887.6 G operations for it, two each",
    ],
  }),
];

interface Sizes {
  readonly printed: NonNullable<VariantManifest["printed"]>;
  readonly published: PublishedCheckpoint;
  readonly notes: readonly string[];
}

function preset(id: keyof typeof fastSamConfigs, title: string, sizes: Sizes): VariantManifest {
  return {
    ...{ id, title, paper, size: "full" },
    input: {
      ...{ side: fastSamConfigs[id].side, fit: "letterbox", resize: "bilinear" },
      // LetterBox's grey, 114 of 255.
      ...{ padValue: 114 / 255, mean: [0, 0, 0], std: [255, 255, 255] },
    },
    // Its masks come at image size; this is what they are made by, from prototypes cut to the image.
    mask: { path: "direct", interpolation: "bilinear", threshold: ">0" },
    lacks: ["single-mask-token", "mask-input"],
    everything: "own output",
    ...{ printed: sizes.printed, published: sizes.published, inertClasses },
    notes: [...notes, ...sizes.notes],
  };
}
