import type { VariantManifest } from "../../harness/api.ts";
import { bothSingleMasks, chosenByStability, sam2Input, sam2Mask } from "../sam2-decoder/presets.ts";
import { type EfficientTamId, efficientTamConfigs } from "./config.ts";

const paper = { title: "Efficient Track Anything", arxiv: "2411.18933", year: 2024 };

/** Numbers in millions, for the notes. */
const tiny = { imageMode: "10.4", all: "17.9" };
const small = { imageMode: "26.6", all: "34.1" };

export const efficientTamPresets: readonly VariantManifest[] = bothSingleMasks([
  full("efficienttam-ti", { title: "EfficientTAM Ti", file: "efficienttam_ti", parameters: tiny }),
  full("efficienttam-s", { title: "EfficientTAM S", file: "efficienttam_s", parameters: small }),
  full("efficienttam-ti-512", { title: "EfficientTAM Ti 512", file: "efficienttam_ti_512x512", parameters: tiny }),
  full("efficienttam-s-512", { title: "EfficientTAM S 512", file: "efficienttam_s_512x512", parameters: small }),
  {
    id: "efficienttam-nano",
    title: "EfficientTAM nano",
    paper,
    size: "nano",
    mask: sam2Mask,
    lacks: [],
    input: { ...sam2Input, side: efficientTamConfigs["efficienttam-nano"].side },
    notes: [
      "EfficientTAM's image mode at toy size, without trained weights: only latency and memory mean something",
      chosenByStability,
    ],
  },
]);

interface Published {
  readonly title: string;
  readonly file: string;
  readonly parameters: typeof tiny;
}

function full(id: EfficientTamId, { title, file, parameters }: Published): VariantManifest {
  return {
    id,
    title,
    paper,
    size: "full",
    mask: sam2Mask,
    lacks: [],
    input: { ...sam2Input, side: efficientTamConfigs[id].side },
    published: {
      id: file,
      url: `https://huggingface.co/yunyangx/efficient-track-anything/resolve/main/${file}.pt`,
      licence: "Apache-2.0",
    },
    notes: [
      `image mode: ${parameters.imageMode} M of the checkpoint's ${parameters.all} M parameters, the others are video memory`,
      "its authors print neither parameters nor GMACs",
      "positions are stretched bicubic; on a Mac its authors' code stretches them bilinear, so its figures there differ",
      chosenByStability,
    ],
  };
}
