import type { VariantManifest } from "../../harness/api.ts";
import { repVitSeededScale as seededScale } from "../repvit/config.ts";
import { bothSingleMasks, chosenByStability, sam2Input, sam2Mask } from "../sam2-decoder/presets.ts";
import { edgeTamConfigs } from "./config.ts";

const paper = { title: "EdgeTAM: On-Device Track Anything Model", arxiv: "2501.07256", year: 2025 };

export const edgeTamPresets: readonly VariantManifest[] = bothSingleMasks([
  {
    id: "edgetam",
    title: "EdgeTAM",
    paper,
    size: "full",
    mask: sam2Mask,
    lacks: [],
    input: { ...sam2Input, side: edgeTamConfigs.edgetam.side },
    seededScale,
    published: {
      id: "edgetam",
      url: "https://github.com/facebookresearch/EdgeTAM/raw/main/checkpoints/edgetam.pt",
      licence: "Apache-2.0",
    },
    notes: [
      "image mode: 9.1 M of the checkpoint's 13.9 M parameters, the others are video memory",
      "its authors print neither parameters nor GMACs",
      "a token mixer's branches and norms run as one convolution here; parameters are those of the checkpoint, which has them apart",
      chosenByStability,
    ],
  },
  {
    id: "edgetam-nano",
    title: "EdgeTAM nano",
    paper,
    size: "nano",
    mask: sam2Mask,
    lacks: [],
    input: { ...sam2Input, side: edgeTamConfigs["edgetam-nano"].side },
    seededScale,
    notes: [
      "EdgeTAM's image mode at toy size, without trained weights: only latency and memory mean something",
      chosenByStability,
    ],
  },
]);
