import type { VariantManifest } from "../../harness/api.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { slimSamConfigs } from "./config.ts";
import { inertClasses } from "./globalPruning.ts";

const paper = { title: "SlimSAM: 0.1% Data Makes Segment Anything Slim", arxiv: "2312.05284", year: 2023 };

const shared = { paper, mask: samMask, lacks: [] } as const;

const uniform =
  "uniform pruning, by which every block of SAM ViT-B is equally narrow; the mean IoU, parameters and MACs that its authors print are of the globally pruned models, which are others";

export const slimSamPresets: readonly VariantManifest[] = [
  {
    ...shared,
    id: "slimsam-77",
    title: "SlimSAM-77 (uniform)",
    size: "full",
    input: { ...samInput, side: slimSamConfigs["slimsam-77"].side },
    inertClasses,
    published: {
      id: "SlimSAM-77-uniform",
      url: "https://drive.google.com/uc?export=download&id=1OeWpfk5WhdlMz5VvYmb9gaE6suzHB0sp",
      name: "SlimSAM-77-uniform.pth",
      licence: "Apache-2.0",
    },
    notes: [
      uniform,
      "printed of the globally pruned SlimSAM-77: 9.1 M parameters and 23 GMACs, attention's products left out",
    ],
  },
  {
    ...shared,
    id: "slimsam-50",
    title: "SlimSAM-50 (uniform)",
    size: "full",
    input: { ...samInput, side: slimSamConfigs["slimsam-50"].side },
    notes: [
      uniform,
      "printed of the globally pruned SlimSAM-50: 26 M parameters and 98 GMACs, attention's products left out",
      "its file is over the 100 MB up to which Google Drive sends a file unasked: get it in a browser at https://drive.google.com/file/d/1Ld7Q2LY8H2nu4zB6VxwwA5npS5A9OHFq/view, then --checkpoint slimsam-50=SlimSAM-50-uniform.pth",
    ],
  },
  {
    ...shared,
    id: "slimsam-nano",
    title: "SlimSAM nano",
    size: "nano",
    input: { ...samInput, side: slimSamConfigs["slimsam-nano"].side },
    notes: ["SlimSAM's architecture at toy size, without trained weights"],
  },
];
