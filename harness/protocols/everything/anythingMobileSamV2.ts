import { type Generator, generatorProtocol } from "./everythingMode.ts";

/** Generators with 16, 32 and 64 points a side, each with one mask a point and with three. */
const grids = ([16, 32, 64] as const).flatMap((side) =>
  (["one", "three"] as const).map((masks): Generator => {
    return { prompts: `grid-${side}-${masks}`, side, masks, boxNms: 0.9, rank: "predicted IoU", most: 1000 };
  }),
);

export const anythingMobileSamV2 = generatorProtocol(
  {
    module: import.meta.url,
    id: "anything-ar-mobilesamv2",
    title: "AR, MobileSAMv2's grids",
    about:
      "16, 32 or 64 points a side, one mask each or three, no filter, box NMS 0.9 by predicted IoU; ranked by predicted IoU, best 1000",
    source: "MobileSAMv2, grids of its table",
    confidence: "paper",
    notes: [
      "ranking and suppression are not published: both go by predicted IoU, box NMS 0.9",
      "its figures are of 100 random images of LVIS; a run's are of the images that it is given",
      "its object-aware boxes are not offered",
    ],
  },
  grids,
);
