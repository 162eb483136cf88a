import type { VariantManifest } from "../../harness/api.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { configOf } from "./config.ts";

const paper = {
  title: "EfficientViT-SAM: Accelerated Segment Anything Model Without Accuracy Loss",
  arxiv: "2402.05008",
  year: 2024,
};

const promptFrame = "images are resized to 512 px and prompts stay in SAM's frame of 1024 px";

export const efficientVitSamPresets: readonly VariantManifest[] = [
  full("l0", { parameters: 34_800_000, gmacs: 35, notes: [promptFrame] }),
  full("l1", { parameters: 47_700_000, gmacs: 49, notes: [promptFrame] }),
  full("l2", { parameters: 61_300_000, gmacs: 69, notes: [promptFrame] }),
  full("xl0", { parameters: 117_000_000, gmacs: 185, notes: [] }),
  full("xl1", { parameters: 203_300_000, gmacs: 322, notes: [] }),
  {
    id: "efficientvit-sam-nano",
    title: "EfficientViT-SAM nano",
    paper,
    size: "nano",
    mask: samMask,
    lacks: [],
    input: inputOf("efficientvit-sam-nano"),
    notes: [
      "EfficientViT-SAM-L's architecture at toy size, without trained weights: its latency and memory can be measured, and its masks mean nothing",
    ],
  },
];

interface Published {
  readonly parameters: number;
  /** 10^9 multiply-accumulates as printed. */
  readonly gmacs: number;
  readonly notes: readonly string[];
}

function full(size: string, { parameters, gmacs, notes }: Published): VariantManifest {
  const id = `efficientvit-sam-${size}`;
  const file = `efficientvit_sam_${size}`;
  return {
    id,
    title: `EfficientViT-SAM-${size.toUpperCase()}`,
    paper,
    size: "full",
    mask: samMask,
    lacks: [],
    input: inputOf(id),
    published: {
      id: file,
      url: `https://huggingface.co/mit-han-lab/efficientvit-sam/resolve/main/${file}.pt`,
      licence: "Apache-2.0",
    },
    printed: { parameters, gmacs: { value: gmacs, counts: "encode", source: "EfficientViT-SAM's README" } },
    notes,
  };
}

/** Prompts are in SAM's frame, whatever the side of the encoder's input is. */
function inputOf(id: string): VariantManifest["input"] {
  const { side, decoder } = configOf(id);
  return { ...samInput, side, promptSide: decoder.side === side ? undefined : decoder.side };
}
