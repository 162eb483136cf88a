import { generatorProtocol } from "./everythingMode.ts";

const source = "Segment Anything, table 4 and its appendix";

const suppression =
  "the paper does not say which of two overlapping masks stays: as in the released generator, the one with the higher predicted IoU, whatever ranks the result";

export const anythingAr1000 = generatorProtocol(
  {
    module: import.meta.url,
    id: "anything-ar1000",
    title: "AR@1000, everything mode",
    about:
      "64 x 64 points, three masks each, no filter, box NMS 0.9 by predicted IoU; ranked by the mean of confidence and stability, best 1000",
    source,
    confidence: "paper",
    notes: [suppression],
  },
  [
    {
      prompts: "anything",
      side: 64,
      masks: "three",
      rank: "mean of confidence and stability",
      boxNms: 0.9,
      most: 1000,
    },
  ],
);

/**
 * A protocol of its own, because it needs the single-mask token, costs four times the points, and fills another row of the
 * table.
 */
export const anythingAr1000Single = generatorProtocol(
  {
    module: import.meta.url,
    id: "anything-ar1000-single",
    title: "AR@1000, everything mode, one mask a point",
    about:
      "128 x 128 points, the single-mask token, no filter, box NMS 0.95 by predicted IoU; ranked by chance, a thousand of them",
    source,
    confidence: "paper",
    notes: [
      "the paper's single-output version is taken to be the single-mask token",
      "chance is a stream of the run's seed, the image and the point",
      suppression,
    ],
  },
  [{ prompts: "anything-single", side: 128, masks: "one", rank: "chance", boxNms: 0.95, most: 1000 }],
);
