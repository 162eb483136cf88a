import type { PublishedCheckpoint, VariantManifest } from "../../harness/api.ts";
import { repVitSeededScale as seededScale } from "../repvit/config.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { edgeSamConfigs } from "./config.ts";

const paper = {
  title: "EdgeSAM: Prompt-In-the-Loop Distillation for On-Device Deployment of SAM",
  arxiv: "2312.06660",
  year: 2023,
};

const stability = "/stability";

const plain: readonly VariantManifest[] = [
  full("edgesam", "EdgeSAM", "edge_sam", []),
  full("edgesam-3x", "EdgeSAM-3x", "edge_sam_3x", ["edgesam's architecture, trained on three times as many images"]),
  {
    id: "edgesam-nano",
    title: "EdgeSAM nano",
    paper,
    size: "nano",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: edgeSamConfigs["edgesam-nano"].side },
    seededScale,
    notes: ["EdgeSAM's architecture at toy size, without trained weights: only latency and memory mean something"],
  },
];

/** Each checkpoint appears twice: with the IoU that its head predicts, and with stability scores in its place. */
export const edgeSamPresets: readonly VariantManifest[] = plain.flatMap((base) => [base, byStability(base)]);

export function scoresByStability({ id }: VariantManifest): boolean {
  return id.endsWith(stability);
}

function full(id: keyof typeof edgeSamConfigs, title: string, file: string, notes: readonly string[]): VariantManifest {
  const published: PublishedCheckpoint = {
    id: file,
    url: `https://huggingface.co/spaces/chongzhou/EdgeSAM/resolve/main/weights/${file}.pth`,
    licence: "S-Lab License 1.0",
    terms: {
      summary: "non-commercial use only",
      url: "https://github.com/chongzhou96/EdgeSAM/blob/master/LICENSE",
    },
  };
  return {
    id,
    title,
    paper,
    size: "full",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: edgeSamConfigs[id].side },
    seededScale,
    published,
    printed: {
      parameters: 9_600_000,
      gmacs: { value: 22.1, counts: "encode and decode", source: "EdgeSAM's README, which says GFLOPs" },
    },
    notes: [
      ...notes,
      "masks are ranked by the predicted IoU, as predict of its code does if not told otherwise; its authors did not distil that head, call it unreliable, and rank by stability in their demo and exports",
    ],
  };
}

function byStability({ notes, published: _, ...base }: VariantManifest): VariantManifest {
  return {
    ...base,
    id: `${base.id}${stability}`,
    title: `${base.title} by stability`,
    base: base.id,
    notes: [
      ...notes.filter((note) => !note.startsWith("masks are ranked")),
      "the predicted IoU of this row is the stability score of the low-res logits, at an offset of 1: its authors' demo and exports rank masks so",
    ],
  };
}
