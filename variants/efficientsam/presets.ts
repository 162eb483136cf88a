import type { ModelInputSpec, PublishedFile, VariantManifest } from "../../harness/api.ts";
import { efficientSamConfigs, pointsAPrompt } from "./config.ts";

/**
 * Pixels are in 0 … 1 and stretched to the square; the graph itself normalises them as ImageNet's. Source:
 * EfficientSam.preprocess.
 */
const input = {
  fit: "stretch",
  resize: "bilinear",
  padValue: 0,
  mean: [0, 0, 0],
  std: [255, 255, 255],
} as const satisfies Omit<ModelInputSpec, "side">;

const shared = {
  paper: {
    title: "EfficientSAM: Leveraged Masked Image Pretraining for Efficient Segment Anything",
    arxiv: "2312.00863",
    year: 2023,
  },
  mask: { path: "direct", interpolation: "bicubic", threshold: ">=0" },
  lacks: ["single-mask-token", "mask-input"],
  maxPoints: pointsAPrompt,
} as const;

const notes = [
  "three masks a prompt, in the order of their mask tokens (the authors' code has not sorted them by predicted IoU since commit 610b0fd); the protocol chooses among them",
  "a prompt holds at most six points, a box counting as two; fewer are filled up with padding points, which take part in attention",
  "a background point has no embedding of its own: the authors' code knows the labels of a foreground point and of a box's corners",
];

const licence = "Apache-2.0";
const url = (file: string) => `https://github.com/yformer/EfficientSAM/raw/main/weights/${file}`;

export const efficientSamPresets: readonly VariantManifest[] = [
  {
    ...shared,
    id: "efficientsam-ti",
    title: "EfficientSAM-Ti",
    size: "full",
    input: { ...input, side: efficientSamConfigs["efficientsam-ti"].side },
    published: { id: "efficient_sam_vitt", url: url("efficient_sam_vitt.pt"), licence, small: true },
    printed: { parameters: 10_200_000 },
    notes: [...notes, "the paper's Table 8 prints 10 M parameters, the survey's Table 3 10.22 M; neither prints GMACs"],
  },
  {
    ...shared,
    id: "efficientsam-s",
    title: "EfficientSAM-S",
    size: "full",
    input: { ...input, side: efficientSamConfigs["efficientsam-s"].side },
    published: { id: "efficient_sam_vits", url: url("efficient_sam_vits.pt.zip"), licence, archive: "zip" },
    printed: { parameters: 26_400_000 },
    notes: [...notes, "the paper's Table 8 prints 25 M parameters, the survey's Table 3 26.41 M; neither prints GMACs"],
  },
  {
    ...shared,
    id: "efficientsam-nano",
    title: "EfficientSAM nano",
    size: "nano",
    input: { ...input, side: efficientSamConfigs["efficientsam-nano"].side },
    nanoWeights: { file: "efficientsam-nano.safetensors", untrained: [] },
    notes: [
      ...notes,
      "EfficientSAM's architecture at toy size, distilled from sam-nano for this project: not a model to segment with",
    ],
  },
];

const space = (file: string) => `https://huggingface.co/spaces/yunyangx/EfficientSAM/resolve/main/${file}.onnx`;

/** The authors' own export of EfficientSAM-Ti. */
export const efficientSamOnnx: readonly PublishedFile[] = [
  {
    id: "efficientsam_ti_encoder_onnx",
    url: space("efficientsam_ti_encoder"),
    bytes: 24799761,
    sha256: "84ed466ffcc5c1f8d08409bc34a23bb364ab2c15e402cb12d4335a42be0e0951",
    licence,
  },
  {
    id: "efficientsam_ti_decoder_onnx",
    url: space("efficientsam_ti_decoder"),
    bytes: 16565728,
    sha256: "a62f8fa5ea080447c0689418d69e58f1e83e0b7adf9c142e2bd9bcc8045c0b11",
    licence,
  },
];
