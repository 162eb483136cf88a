import type { Crop, CropMask, EverythingMode, ImageEmbedding, ImageRecord, KeptMask, RgbImage } from "../api.ts";
import { cropImage, prepare } from "../image/index.ts";
import type { PlannedPass } from "../protocols/index.ts";
import { type CheckedVariant, timedUnchecked } from "./checkedVariant.ts";
import { type PassInput, runPass } from "./pass.ts";

export interface EverythingInput extends Pick<PassInput, "preset" | "seed"> {
  readonly variant: CheckedVariant;
  readonly image: ImageRecord;
  readonly photo: RgbImage;
  /** The whole image's, which other passes use as well, and what it took to prepare and encode. */
  readonly whole: { readonly embedding: ImageEmbedding; readonly durationMs: number };
}

export interface EverythingResult {
  readonly kept: readonly KeptMask[];
  /** From the photo to the masks, as if the whole image had been encoded for this pass alone. */
  readonly durationMs: number;
}

/** Takes an image through everything mode: crop after crop, each encoded on its own, then what stays of all masks. */
export async function runEverything(
  planned: PlannedPass,
  everything: EverythingMode,
  input: EverythingInput,
): Promise<EverythingResult> {
  const { image, whole } = input;
  let encodedBeforeMs = 0;
  const { value: kept, durationMs } = await timedUnchecked(input.variant, async () => {
    const found: CropMask[] = [];
    for (const crop of everything.crops(image)) {
      const entire = isWhole(crop, image);
      if (entire) encodedBeforeMs = whole.durationMs;
      const embedding = entire ? whole.embedding : await encodeCrop(crop, input);
      const masks = await runPass(planned, {
        variant: input.variant,
        preset: input.preset,
        seed: input.seed,
        embedding,
        targets: crop.targets,
        crop: entire ? undefined : { box: crop.box, image: image.size },
      });
      for (const mask of everything.settleCrop(masks, crop, image)) found.push({ crop, kept: mask });
    }
    return everything.settle(found);
  });
  return { kept, durationMs: durationMs + encodedBeforeMs };
}

async function encodeCrop({ box }: Crop, { photo, preset, variant }: EverythingInput): Promise<ImageEmbedding> {
  return variant.encode(prepare(cropImage(photo, box), preset.input));
}

function isWhole({ box: { x0, y0, x1, y1 } }: Crop, { size }: ImageRecord): boolean {
  return x0 === 0 && y0 === 0 && x1 === size.width && y1 === size.height;
}
