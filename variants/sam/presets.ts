import type { ModelInputSpec, PrintedGmacs, PublishedCheckpoint, VariantManifest } from "../../harness/api.ts";
import { samConfigs } from "./config.ts";

/** SAM's input: the image's longest side fills the frame, pixels are normalised as ImageNet's, and zeros fill what is left. */
export const samInput = {
  fit: "pad",
  resize: "pillow-bilinear",
  padValue: 0,
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
} as const satisfies Omit<ModelInputSpec, "side">;

export const samMask = { path: "model-frame", interpolation: "bilinear", threshold: ">0" } as const;

const paper = { title: "Segment Anything", arxiv: "2304.02643", year: 2023 };
const licence = "Apache-2.0";
const tinySam = "TinySAM's README, which says FLOPs";
const url = (file: string) => `https://dl.fbaipublicfiles.com/segment_anything/${file}.pth`;

export const samPresets: readonly VariantManifest[] = [
  full(
    "sam-vit-h",
    "SAM ViT-H",
    { value: 2973, counts: "encode", source: "EfficientViT-SAM's README" },
    {
      id: "sam_vit_h_4b8939",
      url: url("sam_vit_h_4b8939"),
      bytes: 2564550879,
      sha256: "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
      licence,
    },
  ),
  full(
    "sam-vit-l",
    "SAM ViT-L",
    { value: 1491, counts: "encode", source: tinySam },
    {
      id: "sam_vit_l_0b3195",
      url: url("sam_vit_l_0b3195"),
      bytes: 1249524607,
      sha256: "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
      licence,
    },
  ),
  full(
    "sam-vit-b",
    "SAM ViT-B",
    { value: 487, counts: "encode", source: tinySam },
    {
      id: "sam_vit_b_01ec64",
      url: url("sam_vit_b_01ec64"),
      bytes: 375042383,
      sha256: "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
      licence,
    },
  ),
  {
    id: "sam-nano",
    title: "SAM nano",
    paper,
    size: "nano",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: samConfigs["sam-nano"].side },
    nanoWeights: { file: "sam-nano.safetensors", untrained: ["mask-input"] },
    notes: ["SAM's architecture at toy size, trained for this project: not a model to segment with"],
  },
];

function full(
  id: keyof typeof samConfigs,
  title: string,
  gmacs: PrintedGmacs,
  published: PublishedCheckpoint,
): VariantManifest {
  const input = { ...samInput, side: samConfigs[id].side };
  return {
    id,
    title,
    paper,
    size: "full",
    input,
    mask: samMask,
    lacks: [],
    printed: { gmacs },
    published,
    notes: [],
  };
}
