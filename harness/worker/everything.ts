import type { Crop, CropMask, EverythingMode, ImageRecord, KeptMask, RgbImage } from "../api.ts";
import { cropImage } from "../image/index.ts";
import type { Timed } from "../measure/clock.ts";
import type { PlannedPass } from "../protocols/index.ts";
import type { HeldImage, ImageHolder } from "./heldImage.ts";
import { type PassInput, runPass } from "./pass.ts";

interface EverythingInput extends Pick<PassInput, "seed"> {
  readonly holder: ImageHolder;
  readonly image: ImageRecord;
  readonly photo: RgbImage;
  /** The whole image, which other passes use as well, and the time to prepare and encode it. */
  readonly whole: Timed<HeldImage>;
}

interface EverythingResult {
  readonly kept: readonly KeptMask[];
  /** Time from the photo to the masks; it includes encoding the whole image, as if that were done for this pass alone. */
  readonly durationMs: number;
}

/** Takes an image through everything mode: each crop is encoded and prompted, then the masks of all crops are filtered. */
export async function runEverything(
  planned: PlannedPass,
  everything: EverythingMode,
  input: EverythingInput,
): Promise<EverythingResult> {
  const { image, whole } = input;
  let encodedBeforeMs = 0;
  const { value: kept, durationMs } = await input.holder.timed(async () => {
    const found: CropMask[] = [];
    for (const crop of everything.crops(image)) {
      const entire = isWhole(crop, image);
      if (entire) encodedBeforeMs = whole.durationMs;
      const held = entire ? whole.value : await holdCrop(crop, input);
      const pass = { held, seed: input.seed, crop: entire ? undefined : { box: crop.box, image: image.size } };
      const first = await runPass(planned, { ...pass, targets: crop.targets });
      const targets = everything.secondTargets?.(first, crop, image) ?? [];
      const second = await runPass(planned, { ...pass, targets });
      for (const mask of everything.settleCrop([...second, ...first], crop, image)) found.push({ crop, kept: mask });
    }
    return everything.settle(found);
  });
  return { kept, durationMs: durationMs + encodedBeforeMs };
}

async function holdCrop({ box }: Crop, { photo, holder }: EverythingInput): Promise<HeldImage> {
  return (await holder.prepare(cropImage(photo, box)).hold()).value;
}

function isWhole({ box: { x0, y0, x1, y1 } }: Crop, { size }: ImageRecord): boolean {
  return x0 === 0 && y0 === 0 && x1 === size.width && y1 === size.height;
}
