import type { ModelInputSpec, PublishedCheckpoint, VariantManifest } from "../../harness/api.ts";
import { fastSamConfigs, strides } from "./config.ts";
import { inertClasses } from "./inertClasses.ts";

const licence = "Apache-2.0";
const paper = { title: "Fast Segment Anything", arxiv: "2306.12156", year: 2023 };

/** Way to bring a photo to the network, and what users read about it. */
interface Preparation {
  readonly input: Omit<ModelInputSpec, "side">;
  readonly notes: readonly string[];
}

// LetterBox's grey, 114 of 255.
export const letterbox = { fit: "letterbox", padValue: 114 / 255, mean: [0, 0, 0], std: [255, 255, 255] } as const;

const oblong: Preparation = {
  input: { ...letterbox, multipleOf: strides[2], resize: "opencv-bilinear" },
  notes: [
    "as ultralytics' predictor of FastSAM runs it: bytes resized by OpenCV's bilinear to 1024 px on the longer side, both sides padded with grey to the next multiple of 32 px, so 640 x 480 becomes 1024 x 768",
    "GMACs are those of a frame of 1024 x 1024; one of 1024 x 768 costs three quarters of them",
  ],
};

const square: Preparation = {
  input: { ...letterbox, resize: "bilinear" },
  notes: [
    "every photo lies in a square of 1024 px, as in graphs that are exported for one size; resized in float. The authors' predictor pads to the next multiple of 32 px alone, so the figures of this row are not to be held against theirs",
  ],
};

/** What FastSAM's masks are made by, and what it does with prompts, whoever wrote its network. */
export const fastSamTraits = {
  // Its masks come at image size; this is what they are made by, from prototypes cut to the image.
  mask: { path: "direct", interpolation: "bilinear", threshold: ">0" },
  lacks: ["single-mask-token", "mask-input", "logits"],
  everything: "own output",
} as const satisfies Partial<VariantManifest>;

export const fastSamNotes = [
  "confidence above 0.4, suppression at IoU 0.9, at most 300 detections, masks at image size, those without a pixel left out: as ultralytics' predictor does with the authors' settings",
  "encode is the everything pass: network, suppression and all masks; decode chooses among them and costs next to nothing",
  "it can not take a box and points together, nor a mask",
];

const published: readonly VariantManifest[] = [
  preset("fastsam-s", "FastSAM-s", {
    printed: { parameters: 11.8e6 },
    published: {
      id: "FastSAM-s",
      url: "https://drive.google.com/uc?export=download&id=10XmSj6mmpmRb8NhXbtiuO9cTTBwR_9SV",
      name: "FastSAM-s.pt",
      licence,
      small: true,
    },
    notes: ["parameters as ultralytics prints them for YOLOv8s-seg; the paper has none"],
  }),
  preset("fastsam-x", "FastSAM-x", {
    printed: {
      parameters: 71.8e6,
      gmacs: { value: 443.8, counts: "encode", source: "EdgeSAM's README, half of its 887.6 G operations" },
    },
    published: {
      id: "FastSAM-x",
      url: "https://huggingface.co/spaces/An-619/FastSAM/resolve/4d2656676ef9167f99978ef5a2c9f23b80c68146/checkpoints/FastSAM.pt",
      bytes: 144943063,
      sha256: "c0be4e7ddbe4c15333d15a859c676d053c486d0a746a3be6a7a9790d52a9b6d7",
      licence,
    },
    notes: [
      "parameters as ultralytics prints them for YOLOv8x-seg; the paper prints 68 M, which is YOLOv8x without the mask branch",
      "the paper prints no multiply-accumulates; EdgeSAM's README prints 887.6 G operations, two each: 5.7 % more than PyTorch's own counter finds in the network, 419.75 G at 1024 px, which is what is counted here",
    ],
  }),
];

/** Each network appears twice: as published, and on the same checkpoint in a square. */
export const fastSamPresets: readonly VariantManifest[] = published.flatMap((base) => [base, inSquare(base)]);

interface Sizes {
  readonly printed: NonNullable<VariantManifest["printed"]>;
  readonly published: PublishedCheckpoint;
  readonly notes: readonly string[];
}

function preset(id: keyof typeof fastSamConfigs, title: string, sizes: Sizes): VariantManifest {
  return {
    id,
    title,
    paper,
    size: "full",
    input: { ...oblong.input, side: fastSamConfigs[id].side },
    ...fastSamTraits,
    printed: sizes.printed,
    published: sizes.published,
    inertClasses,
    notes: [...oblong.notes, ...fastSamNotes, ...sizes.notes],
  };
}

function inSquare({ published: _, ...base }: VariantManifest): VariantManifest {
  return {
    ...base,
    id: `${base.id}/square`,
    title: `${base.title} in a square`,
    base: base.id,
    input: { ...square.input, side: base.input.side },
    notes: [...square.notes, ...base.notes.filter((note) => !oblong.notes.includes(note))],
  };
}
