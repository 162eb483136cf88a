import type { VariantManifest } from "../../harness/api.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { lighteningConfigs } from "./config.ts";

const shared = {
  paper: {
    title:
      "SAM-Lightening: A Lightweight Segment Anything Model with Dilated Flash Attention to Achieve 30 times Acceleration",
    arxiv: "2403.09195",
    year: 2024,
  },
  mask: samMask,
  lacks: [],
} as const;

const notes = [
  "architecture from the paper's text, no published weights: they were never released",
  "the released code reads otherwise: attention at offset 0 alone, zeros for all other tokens, no segments, half the heads",
  "segment length and rate are not in the available text: one segment a window (the whole grid in global blocks) is this project's choice, rate 2 the released code's",
];

export const lighteningPresets: readonly VariantManifest[] = [
  {
    ...shared,
    id: "sam-lightening",
    title: "SAM-Lightening",
    size: "full",
    input: { ...samInput, side: lighteningConfigs["sam-lightening"].side },
    notes,
  },
  {
    ...shared,
    id: "sam-lightening-nano",
    title: "SAM-Lightening nano",
    size: "nano",
    input: { ...samInput, side: lighteningConfigs["sam-lightening-nano"].side },
    nanoWeights: { file: "sam-lightening-nano.safetensors", untrained: ["mask-input"] },
    notes: [
      ...notes,
      "SAM-Lightening's architecture at toy size, with windows of 8 x 8 tokens, distilled from sam-nano for this project: not a model to segment with",
    ],
  },
];
