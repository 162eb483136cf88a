import type { VariantManifest } from "../../harness/api.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { hqSamConfigs } from "./config.ts";
import type { LogitsMode } from "./modes.ts";

const paper = { title: "Segment Anything in High Quality", arxiv: "2306.01567", year: 2023 };

/** Last part of the ids whose masks are the HQ mask alone. */
const hqToken = "hq-token";

const added = [
  "masks are SAM's logits plus those of the HQ mask, which is the authors' default (hq_token_only False) and the setting of their COCO and LVIS figures; the predicted IoU is that of SAM's mask, since none is predicted of the sum",
  "the authors return one mask a prompt, that of token 0 or of the most confident of tokens 1 to 3: here each of the four has the HQ mask added, and protocols choose",
];

const alone = [
  "masks are the HQ mask's logits alone (hq_token_only True), the authors' setting for pictures of a single object: all four tokens have the same mask, each with the predicted IoU of its SAM mask, so that the predicted IoU is of the mask that the authors would have chosen",
];

const full: readonly VariantManifest[] = [
  published("hq-sam-h", "HQ-SAM ViT-H", "sam_hq_vit_h", [featuresNote("6.3"), sizeNote("2452.1")]),
  published("hq-sam-l", "HQ-SAM ViT-L", "sam_hq_vit_l", [featuresNote("5.2"), sizeNote("1196.1")]),
  published("hq-sam-b", "HQ-SAM ViT-B", "sam_hq_vit_b", [featuresNote("4.2"), sizeNote("362.1")]),
  published("hq-sam-light", "Light HQ-SAM", "sam_hq_vit_tiny", [
    "MobileSAM's image encoder; the checkpoint holds TinyViT's classifier, which nothing uses: 0.32 M of its 10.58 M parameters",
    featuresNote("1.6"),
    sizeNote("40.3"),
  ]),
];

const nano: VariantManifest = {
  id: "hq-sam-nano",
  title: "HQ-SAM nano",
  paper,
  size: "nano",
  mask: samMask,
  lacks: [],
  input: { ...samInput, side: hqSamConfigs["hq-sam-nano"].encoder.sizes.side },
  notes: ["HQ-SAM's architecture at toy size, without trained weights: not a model to segment with", ...added],
};

/** Each size appears twice: with SAM's logits and HQ's added, and with HQ's alone, on the same checkpoint. */
export const hqSamPresets: readonly VariantManifest[] = [...full, nano].flatMap((base) => [base, withHqToken(base)]);

/** Returns which logits a preset's tokens have. */
export function logitsModeOf({ id }: VariantManifest): LogitsMode {
  return id.endsWith(`/${hqToken}`) ? "HQ alone" : "SAM's and HQ";
}

function published(
  id: keyof typeof hqSamConfigs,
  title: string,
  file: string,
  notes: readonly string[],
): VariantManifest {
  return {
    id,
    title,
    paper,
    size: "full",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: hqSamConfigs[id].encoder.sizes.side },
    published: {
      id: file,
      url: `https://huggingface.co/lkeab/hq-sam/resolve/main/${file}.pth`,
      licence: "Apache-2.0",
    },
    notes: [...added, ...notes],
  };
}

function featuresNote(gmacs: string): string {
  return `decode has the HQ features in it, ${gmacs} GMACs once an image: the authors' decoder makes them, and their predictor does so in each call`;
}

function sizeNote(printed: string): string {
  return `the authors' README prints ${printed} as Params (M): that is the size of the file's float32 values in MiB, not their number`;
}

function withHqToken({ published: _, ...base }: VariantManifest): VariantManifest {
  return {
    ...base,
    id: `${base.id}/${hqToken}`,
    title: `${base.title}, HQ token`,
    base: base.id,
    notes: [...alone, ...base.notes.filter((note) => !added.includes(note))],
  };
}
