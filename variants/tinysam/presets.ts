import type { VariantManifest } from "../../harness/api.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { tinySamConfigs } from "./config.ts";

const paper = {
  title: "TinySAM: Pushing the Envelope for Efficient Segment Anything Model",
  arxiv: "2312.13789",
  year: 2023,
};

const tokens =
  "the authors' decoder returns three masks, those of tokens 1 to 3, and never uses token 0; here all four are computed, as SAM does, so that rows of the single-mask token are of a mask that the authors never show";

export const tinySamPresets: readonly VariantManifest[] = [
  {
    id: "tinysam",
    title: "TinySAM",
    paper,
    size: "full",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: tinySamConfigs.tinysam.side },
    published: {
      id: "tinysam_42.3",
      url: "https://github.com/xinghaochen/TinySAM/releases/download/3.0/tinysam_42.3.pth",
      licence: "Apache-2.0",
    },
    printed: {
      gmacs: { value: 42.0, counts: "encode and decode", source: "TinySAM's README, which says FLOPs and not of what" },
    },
    notes: [
      tokens,
      "MobileSAM's network, weight by weight of the same name and shape: a file of either fits both",
      "the checkpoint holds TinyViT's classifier, which nothing uses: 0.32 M of its 10.13 M parameters",
      "GMACs printed: 42.0, which is 8.3 % more than the encoder has and 3.5 % more than encoder and decoder have",
    ],
  },
  {
    id: "tinysam-nano",
    title: "TinySAM nano",
    paper,
    size: "nano",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: tinySamConfigs["tinysam-nano"].side },
    notes: [tokens, "TinySAM's architecture at toy size, without trained weights"],
  },
];
