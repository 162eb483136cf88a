import type { VariantManifest } from "../../harness/api.ts";
import { repVitSeededScale as seededScale } from "../repvit/config.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { repVitSamConfigs } from "./config.ts";

const paper = { title: "RepViT-SAM: Towards Real-Time Segmenting Anything", arxiv: "2312.05760", year: 2023 };

export const repVitSamPresets: readonly VariantManifest[] = [
  {
    id: "repvit-sam",
    title: "RepViT-SAM",
    paper,
    size: "full",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: repVitSamConfigs["repvit-sam"].side },
    seededScale,
    published: {
      id: "repvit_sam",
      url: "https://github.com/THU-MIG/RepViT/releases/download/v1.0/repvit_sam.pt",
      licence: "Apache-2.0",
    },
    notes: [
      "its authors print latencies on a phone and a laptop, and neither parameters nor GMACs",
      "a token mixer's branches and norms run as one convolution here; parameters are those of the checkpoint, which has them apart",
    ],
  },
  {
    id: "repvit-sam-nano",
    title: "RepViT-SAM nano",
    paper,
    size: "nano",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: repVitSamConfigs["repvit-sam-nano"].side },
    seededScale,
    notes: ["RepViT-SAM's architecture at toy size, without trained weights: only latency and memory mean something"],
  },
];
