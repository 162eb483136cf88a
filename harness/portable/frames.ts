import type { DecoderRules, MaskSpec, ModelInputSpec } from "../api.ts";

/** This file writes in words, for `model.json`, an image's way to the model and a mask's way back. */

const resizes: Readonly<Record<ModelInputSpec["resize"], string>> = {
  "pillow-bilinear":
    "as Pillow's Image.resize with BILINEAR does on bytes: every pixel is averaged, 8 bits between and after",
  "opencv-bilinear": "as OpenCV's resize with INTER_LINEAR does on bytes: four pixels are read, 8 bits after",
  bilinear: "in float, as PyTorch's F.interpolate with bilinear, align_corners False and no antialiasing",
  "bilinear-antialias": "in float, as PyTorch's F.interpolate with bilinear, align_corners False and antialiasing",
};

const fits: Readonly<Record<ModelInputSpec["fit"], (side: number) => string>> = {
  pad: (side) =>
    `longer side to ${side} px, the other by the same scale, rounded half up, at least 1 px; the image lies at the upper left`,
  stretch: (side) => `height and width to ${side} px each`,
  letterbox: (side) =>
    `longer side to ${side} px, the other by the same scale, rounded half to even; the image lies in the middle, the odd pixel behind it`,
};

/** Returns the steps from a photo to the encoder's input, in their order. */
export function inputSteps(spec: ModelInputSpec): readonly string[] {
  const { side, fit, resize, padValue, mean, std, multipleOf } = spec;
  const frame = multipleOf === undefined ? `${side} x ${side} px` : `each side up to a multiple of ${multipleOf} px`;
  return [
    "pixels are RGB, 0 to 255, without the picture's colour profile",
    `resize: ${fits[fit](side)}`,
    `resize: ${resizes[resize]}`,
    `normalise each channel: (value - mean) / std, mean ${list(mean)}, std ${list(std)}, then float32`,
    fit === "stretch"
      ? "nothing is padded"
      : `pad after that to ${frame}: what the image leaves free holds ${typeof padValue === "number" ? padValue : list(padValue)} as it is`,
    "layout: [1, 3, height, width], float32",
  ];
}

const kernels: Readonly<Record<MaskSpec["interpolation"], string>> = {
  bilinear: "bilinear, align_corners False, no antialiasing",
  bicubic: "bicubic with a = -0.75, align_corners False, no antialiasing",
};

/** Returns the steps from a decoder's outputs to a mask at the image's size, in their order. */
export function maskSteps(
  rules: DecoderRules,
  { path, interpolation, threshold }: MaskSpec,
  spec: ModelInputSpec,
): readonly string[] {
  if (rules === "fastsam")
    return [
      "detections over a confidence of 0.4, suppressed at an IoU of 0.9, at most 300, then masks of prototypes: variants/fastsam of sam-bench holds each step",
    ];
  const frame = spec.promptSide ?? spec.side;
  const whole = `${kernels[interpolation]}, to the image's height and width`;
  const way =
    path === "direct"
      ? [`low-res logits of the token: ${whole}`]
      : [
          `low-res logits of the token: ${kernels[interpolation]}, to ${frame} x ${frame}`,
          "crop: the resized image's height and width, from the upper left",
          whole,
        ];
  return [
    ...lastMaskSteps(rules),
    "token: choice has the tokens by prompts; of these the one with the highest predicted IoU, the first among equals",
    ...stabilitySteps(rules),
    ...way,
    `a pixel is inside where its logit is ${threshold === ">0" ? "above 0" : "0 or above"}`,
  ];
}

function lastMaskSteps(rules: DecoderRules): readonly string[] {
  if (rules === "hq-sam")
    return ["the last of low_res_masks is HQ-SAM's mask: its logits are added to those of each token"];
  if (rules === "hq-sam-alone") return ["the last of low_res_masks is HQ-SAM's mask: every token has its logits"];
  return [];
}

function stabilitySteps(rules: DecoderRules): readonly string[] {
  if (rules !== "sam2-by-stability") return [];
  return [
    "where one mask is asked for, it is token 0's if |{logit > 0.05}| / |{logit > -0.05}| of its low-res logits is 0.98 or more, else the most confident of the other three",
  ];
}

function list(values: readonly number[]): string {
  return values.join(", ");
}
