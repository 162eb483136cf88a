import type { PublishedCheckpoint, VariantManifest } from "../../harness/api.ts";
import { bothSingleMasks, chosenByStability, sam2Input, sam2Mask } from "../sam2-decoder/presets.ts";
import { type Sam2Size, sam2Configs } from "./config.ts";

const paper = { title: "SAM 2: Segment Anything in Images and Videos", arxiv: "2408.00714", year: 2024 };

/** The two releases differ in video memory alone. */
export const releases = {
  "sam2.1": { title: "SAM 2.1", files: "sam2.1_hiera", folder: "092824" },
  sam2: { title: "SAM 2", files: "sam2_hiera", folder: "072824" },
} as const;

export type Release = keyof typeof releases;

/** Parameters of a whole file, as the authors' README prints them, rounded to 100,000. */
const sizes = {
  t: { name: "tiny", printed: 38_900_000, imageMode: "31.4" },
  s: { name: "small", printed: 46_000_000, imageMode: "38.5" },
  "b+": { name: "base_plus", printed: 80_800_000, imageMode: "73.3" },
  l: { name: "large", printed: 224_400_000, imageMode: "216.9" },
} as const satisfies Partial<Record<Sam2Size, unknown>>;

const plain: readonly VariantManifest[] = [
  ...(Object.keys(releases) as Release[]).flatMap((release) =>
    (Object.keys(sizes) as (keyof typeof sizes)[]).map((size) => full(release, size)),
  ),
  {
    id: "sam2.1-nano",
    title: "SAM 2.1 nano",
    paper,
    size: "nano",
    mask: sam2Mask,
    lacks: [],
    input: { ...sam2Input, side: sam2Configs.nano.side },
    notes: ["SAM 2.1's image mode at toy size; there are no trained weights of it", chosenByStability],
  },
];

export const sam2Presets: readonly VariantManifest[] = bothSingleMasks(plain);

function full(release: Release, size: keyof typeof sizes): VariantManifest {
  const { title, files, folder } = releases[release];
  const { name, printed, imageMode } = sizes[size];
  const published: PublishedCheckpoint = {
    id: `${files}_${name}`,
    url: `https://dl.fbaipublicfiles.com/segment_anything_2/${folder}/${files}_${name}.pt`,
    licence: "Apache-2.0",
  };
  return {
    id: `${release}-${size}`,
    title: `${title} ${name.replace("base_plus", "base+")}`,
    paper,
    size: "full",
    mask: sam2Mask,
    lacks: [],
    input: { ...sam2Input, side: sam2Configs[size].side },
    published,
    printed: { parameters: printed },
    notes: [
      `image mode: ${imageMode} M of the checkpoint's ${(printed / 1e6).toFixed(1)} M parameters, the others are video memory`,
      chosenByStability,
    ],
  };
}
