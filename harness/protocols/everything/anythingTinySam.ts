import { generatorProtocol } from "./everythingMode.ts";

export const anythingTinySam = generatorProtocol(
  {
    module: import.meta.url,
    id: "anything-tinysam",
    title: "AR, TinySAM's hierarchical everything mode",
    about:
      "8 x 8 points, then those places of the 32 x 32 grid around them that no kept mask covers with logits over 8.5; three masks each, predicted IoU > 0.88, stability >= 0.95, box NMS 0.7 over both passes by predicted IoU; ranked by predicted IoU",
    source: "xinghaochen/TinySAM@11589bc, tinysam/hierarchical_mask_generator.py",
    confidence: "repo",
    notes: [
      "a step of the fine grid is a whole number of pixels, width // 32 and height // 32, so its places are not quite those of a plain 32 x 32 grid",
      "no crops and no removal of small regions, as the generator's defaults",
      "the authors time the mode and measure no recall with it; best 1000 masks",
    ],
  },
  [
    {
      prompts: "anything-hierarchical",
      side: 32,
      hierarchy: { coarser: 4, certainLogit: 8.5 },
      masks: "three",
      sure: { above: 0.88 },
      leastStability: 0.95,
      rank: "predicted IoU",
      boxNms: 0.7,
      most: 1000,
    },
  ],
);
