import { readFile } from "node:fs/promises";
import type { Dataset, ImageRecord } from "../api.ts";
import { refuseIrregular } from "../files.ts";
import { encodePng } from "../image/index.ts";
import { formatCounts } from "../mask/index.ts";
import type { PageContent } from "../web/pageContent.ts";
import type { ServedPhoto, ServedTarget } from "./page/contract.ts";

/** Photos of a data set as a page shows them, and what their addresses give. */
export interface ServedPhotos {
  readonly photos: readonly ServedPhoto[];
  readonly contents: ReadonlyMap<string, PageContent>;
}

type Photos = Pick<Dataset, "images" | "categories" | "read" | "photoFile" | "targetsOf">;

/**
 * Returns the photos of a data set, each served as it lies on disk by its id, and drawn ones as PNG. A photo is read when it is asked
 * for. `shown` says whether the page runs where the files are.
 */
export async function servedPhotos(dataset: Photos, shown: "files" | "ids"): Promise<ServedPhotos> {
  const photos: ServedPhoto[] = [];
  const contents = new Map<string, PageContent>();
  for (const image of dataset.images) {
    const address = addressOf(dataset, image);
    const targets = `targets/${image.id}.json`;
    contents.set(address, { bytes: () => photoBytes(dataset, image) });
    contents.set(targets, { bytes: async () => JSON.stringify(targetsOf(dataset, image)) });
    const file = shown === "files" ? await fileOf(dataset, image) : undefined;
    photos.push({ id: String(image.id), size: image.size, address, file, targets });
  }
  return { photos, contents };
}

/** A photo that is missing shows when it is opened. */
async function fileOf({ photoFile }: Photos, { id }: ImageRecord): Promise<string | undefined> {
  return photoFile?.(id).catch(() => undefined);
}

function addressOf({ photoFile }: Photos, { id, fileName }: ImageRecord): string {
  const [ending = ""] = /\.(jpe?g|png|webp)$/i.exec(fileName) ?? [];
  return `photos/${id}${photoFile === undefined ? ".png" : ending.toLowerCase()}`;
}

async function photoBytes({ read, photoFile }: Photos, { id }: ImageRecord): Promise<Uint8Array> {
  if (photoFile === undefined) return encodePng(await read(id));
  const file = await photoFile(id);
  refuseIrregular(file);
  return readFile(file);
}

/** Returns what is annotated in a photo. A detector's box has no mask to compare with, so it is none of them. */
function targetsOf({ targetsOf, categories }: Photos, { id }: ImageRecord): readonly ServedTarget[] {
  const names = new Map(categories.map((category) => [category.id, category.name]));
  return targetsOf(id).flatMap(({ id, category, box, mask }) =>
    mask === undefined ? [] : [{ id: String(id), category: names.get(category), box, counts: formatCounts(mask) }],
  );
}
