import { type Generator, generatorProtocol } from "./everythingMode.ts";

const source = "facebookresearch/segment-anything, automatic_mask_generator.py";

/** Default arguments of the published generator. */
const published: Omit<Generator, "prompts"> = {
  side: 32,
  masks: "three",
  sure: { above: 0.88 },
  leastStability: 0.95,
  rank: "predicted IoU",
  boxNms: 0.7,
  most: 1000,
};

export const anythingDefault = generatorProtocol(
  {
    module: import.meta.url,
    id: "anything-default",
    title: "AR, SAM's automatic mask generator",
    about:
      "32 x 32 points, three masks each, predicted IoU > 0.88, stability >= 0.95, box NMS 0.7 by predicted IoU; ranked by predicted IoU",
    source,
    confidence: "repo",
    notes: ["no crops and no removal of small regions, as the generator's defaults", "best 1000 masks"],
  },
  [{ prompts: "anything-32", ...published }],
);

/** A protocol of its own, because an image costs 5 or 21 encodes, and as many times the points. */
export const anythingDefaultCrops = generatorProtocol(
  {
    module: import.meta.url,
    id: "anything-default-crops",
    title: "AR, SAM's automatic mask generator with crops",
    about:
      "as anything-default, with 32 x 32 points in each of 2 x 2 crops, too (crops-1), or of 2 x 2 and 4 x 4 (crops-2); box NMS 0.7 by predicted IoU within a crop, and across crops, where the smaller crop's mask stays",
    source,
    confidence: "repo",
    notes: [
      "crops overlap by 512/1500 of the shorter side over half their number; masks within 20 px of a crop's inner edge are dropped",
      "best 1000 masks",
    ],
  },
  [
    { prompts: "anything-32-crops-1", ...published, layers: 1 },
    { prompts: "anything-32-crops-2", ...published, layers: 2 },
  ],
);
