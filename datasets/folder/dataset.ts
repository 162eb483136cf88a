import { createHash } from "node:crypto";
import type { Annotation, Category, Dataset, DatasetOptions, DatasetPlugin, ImageRecord } from "../../harness/api.ts";
import { HarnessError, unknown } from "../../harness/errors.ts";
import { readImage } from "../../harness/image/codec.ts";
import { areaOf, boxOf } from "../../harness/mask/rle.ts";
import { formatCounts } from "../../harness/mask/rleString.ts";
import { checkLimit, selectImages } from "../selection.ts";
import type { PhotoFiles } from "./layout.ts";
import { hasPhotosAndMasks, pairFiles } from "./layout.ts";
import type { Masks } from "./masks.ts";
import { readMasks } from "./masks.ts";

const categories: readonly Category[] = [{ id: 1, name: "object" }];

/** A photo's files beside its number in the sorted folder, which is its id. */
interface Listed extends ImageRecord {
  readonly files: PhotoFiles;
}

/** Reads the masks of the chosen photos, which stay in memory as run lengths; photos are read when asked for. */
async function open(options: DatasetOptions): Promise<Dataset> {
  checkLimit(options.limit);
  if (options.data === undefined) {
    throw new HarnessError("dataset folder: needs --data", { hint: "a folder with images/ and masks/" });
  }
  const unsized = { height: 0, width: 0 };
  const listed: readonly Listed[] = (await pairFiles(options.data)).map((files, index) => {
    return { id: index + 1, fileName: files.fileName, size: unsized, files };
  });
  const images = new Map<number, ImageRecord & { readonly photo: string }>();
  const annotations = new Map<number, readonly Annotation[]>();
  let voidPx = 0;
  for (const { id, fileName, files } of selectImages(listed, options)) {
    const masks = await readMasks(files);
    // Only a photo without masks has to be decoded for its size.
    images.set(id, { id, fileName, size: masks.size ?? (await readImage(files.photo)).size, photo: files.photo });
    annotations.set(id, annotationsFrom(id, masks));
    voidPx += masks.voidPx;
  }
  const records = [...images.values()].map(({ id, fileName, size }) => ({ id, fileName, size }));
  const annotationsOf = (image: number) => annotations.get(image) ?? [];
  const imageOf = (id: number) => {
    const image = images.get(id);
    if (image === undefined) throw unknown("image", String(id), [...images.keys()].slice(0, 20).map(String));
    return image;
  };
  return {
    id: "folder",
    images: records,
    categories,
    targetsOf: annotationsOf,
    annotationsOf,
    fingerprint: fingerprint(records, annotationsOf),
    knownImages: new Set(listed.map(({ id }) => id)),
    warnings: voidPx === 0 ? [] : [voidWarning(options.data, voidPx)],
    async read(id) {
      const { photo, size } = imageOf(id);
      return readImage(photo, size);
    },
    photoFile: async (id) => imageOf(id).photo,
  };
}

/** Ids are image * 65536 + label: another selection of photos, or a photo's new mask, renumbers no other. */
function annotationsFrom(image: number, { instances }: Masks): readonly Annotation[] {
  return instances.map(({ label, mask }) => {
    // A label stands for at least one pixel.
    const box = boxOf(mask)!;
    return { id: image * 65536 + label, image, category: 1, mask, box, areaPx: areaOf(mask), crowd: false };
  });
}

function fingerprint(records: readonly ImageRecord[], annotationsOf: Dataset["annotationsOf"]): string {
  const hash = createHash("sha256").update("folder");
  for (const record of records) {
    hash.update(JSON.stringify(record));
    for (const { id, mask } of annotationsOf(record.id)) hash.update(`${id} ${formatCounts(mask)}\n`);
  }
  return hash.digest("hex");
}

function voidWarning(data: string, voidPx: number): string {
  return (
    `${data}: ${voidPx} px of label 255 were taken as void and belong to no instance. ` +
    "Renumber an instance 255, or write such masks with 16 bits."
  );
}

export default {
  id: "folder",
  title: "Photos and mask PNGs",
  about:
    "--data with images/NAME.jpg and masks/NAME.png (one number an instance, 0 background), or masks/NAME/*.png or NAME_*.png (one mask each)",
  recognises: hasPhotosAndMasks,
  open,
} satisfies DatasetPlugin;
