import type { VariantManifest } from "../../harness/api.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { mobileSamConfigs } from "./config.ts";

const paper = {
  title: "Faster Segment Anything: Towards Lightweight SAM for Mobile Applications",
  arxiv: "2306.14289",
  year: 2023,
};

export const mobileSamPresets: readonly VariantManifest[] = [
  {
    id: "mobilesam",
    title: "MobileSAM",
    paper,
    size: "full",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: mobileSamConfigs.mobilesam.side },
    published: {
      id: "mobile_sam",
      url: "https://github.com/ChaoningZhang/MobileSAM/raw/master/weights/mobile_sam.pt",
      bytes: 40728226,
      sha256: "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
      licence: "Apache-2.0",
      small: true,
    },
    printed: {
      parameters: 9_660_000,
      gmacs: { value: 38.2, counts: "encode", source: "EdgeSAM's README, which says GFLOPs and not of what" },
    },
    notes: [
      "the checkpoint holds TinyViT's classifier, which nothing uses: 0.32 M of its 10.13 M parameters",
      "parameters printed: MobileSAM's README, whole pipeline; GMACs printed: 38.2 in EdgeSAM's README, nearest to the encoder alone, and 42.0 in TinySAM's, more than encoder and decoder have",
    ],
  },
  {
    id: "mobilesam-nano",
    title: "MobileSAM nano",
    paper,
    size: "nano",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: mobileSamConfigs["mobilesam-nano"].side },
    nanoWeights: { file: "mobilesam-nano.safetensors", untrained: ["mask-input"] },
    notes: [
      "MobileSAM's architecture at toy size, distilled from sam-nano for this project: not a model to segment with",
    ],
  },
];
