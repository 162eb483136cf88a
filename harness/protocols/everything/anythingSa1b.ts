import { generatorProtocol } from "./everythingMode.ts";

export const anythingSa1b = generatorProtocol(
  {
    module: import.meta.url,
    id: "anything-sa1b",
    title: "AR, the generator that made SA-1B's masks",
    about:
      "32 x 32 points on the image, 16 x 16 on each of 2 x 2 crops, 8 x 8 on each of 4 x 4; predicted IoU >= 0.88, stability >= 0.95, box NMS 0.7 within crops, by predicted IoU, and across them, where the smaller crop's mask stays, masks of 95 % of the image or more dropped, holes and components below 100 px removed, masks below 100 px dropped; ranked by predicted IoU",
    source: "Segment Anything, appendix B",
    confidence: "paper",
    notes: [
      "the paper does not say how crops overlap, nor what is at a crop's edge: as the released generator, 512/1500 of the shorter side over half the number of crops, and 20 px",
      "masks of 95 % of the image or more are dropped with the other filters, before suppression; what has become a duplicate once small regions are gone is dropped as in the released generator",
      "the paper measures no recall with it; best 1000 masks",
    ],
  },
  [
    {
      prompts: "anything-sa1b",
      side: 32,
      layers: 2,
      downscale: 2,
      masks: "three",
      sure: { atLeast: 0.88 },
      leastStability: 0.95,
      rank: "predicted IoU",
      boxNms: 0.7,
      tooLarge: 0.95,
      leastRegionPx: 100,
      leastMaskPx: 100,
      most: 1000,
    },
  ],
);
