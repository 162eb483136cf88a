import type { DecoderRules, ModelInputSpec } from "../api.ts";
import type { PortableModel } from "../onnx/index.ts";

type Prompts = PortableModel["prompts"];

interface Rules extends Pick<Prompts, "order" | "padding"> {
  readonly lastMask?: PortableModel["masks"]["lastMask"];
}

const ofSam: Rules = { order: ["points", "box"], padding: "without a box" };
const ofSam2: Rules = { order: ["box", "points"], padding: "always" };

/** Says what the rules of each decoder ask of prompts, and what becomes of a mask that is no token's. */
const rulesOf: Readonly<Record<DecoderRules, Rules>> = {
  sam: ofSam,
  "hq-sam": { ...ofSam, lastMask: "added to each" },
  "hq-sam-alone": { ...ofSam, lastMask: "in place of each" },
  efficientsam: { order: ["points", "box"], padding: "never" },
  sam2: ofSam2,
  "sam2-by-stability": ofSam2,
  fastsam: { order: [], padding: "never" },
};

const labels = {
  "-1": "padding: a point at 0, 0 that has no place",
  "0": "background",
  "1": "foreground",
  "2": "a box's upper left corner",
  "3": "a box's lower right corner",
} as const;

const paddings: Readonly<Record<Prompts["padding"], string>> = {
  "without a box":
    "a prompt without a box gets one padding point behind its points, and one with a box none: it takes part in attention, so masks differ without it",
  always:
    "every prompt gets one padding point behind all others: it takes part in attention, so masks differ without it",
  never: "no prompt gets a padding point",
};

/** Returns what `model.json` says of prompts. */
export function promptsOf(rules: DecoderRules, spec: ModelInputSpec): Prompts {
  const { order, padding } = rulesOf[rules];
  return { rules, order, padding, paddingPoint: [0, 0, -1], labels, steps: stepsOf(rules, spec) };
}

/** Returns what becomes of the mask behind those of the tokens; nothing where there is none. */
export function lastMaskOf(rules: DecoderRules): Rules["lastMask"] {
  return rulesOf[rules].lastMask;
}

function stepsOf(rules: DecoderRules, { side, promptSide, fit }: ModelInputSpec): readonly string[] {
  if (rules === "fastsam")
    return ["prompts reach no graph: they choose among the masks of the detections, at image size"];
  const { order, padding } = rulesOf[rules];
  const frame = promptSide ?? side;
  const scale =
    fit === "stretch"
      ? `x times ${frame} / width, y times ${frame} / height`
      : "x times resized width / width, y times resized height / height, each axis by its own scale";
  return [
    `model frame: ${frame} x ${frame} px; an image's pixel x, y lies there at ${scale}; nothing is rounded`,
    "an integer names a pixel by its index; the half pixel to its centre is the decoder's to add",
    `point_coords [prompts, points, 2] and point_labels [prompts, points] hold ${order.join(", then the ")}; float32 both`,
    paddings[padding],
    "prompts of unequal length go in calls of their own: they are never padded to match",
    "mask_input [prompts, 1, side, side] holds low-res logits of the token that was kept",
  ];
}
