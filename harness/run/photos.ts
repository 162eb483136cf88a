import type { Dataset, ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";

/** Returns the first photos that can be read, `count` at most. The accuracy phase reports a damaged one. */
export async function readablePhotos(dataset: Dataset, count: number): Promise<ImageId[]> {
  const photos: ImageId[] = [];
  let problem: unknown;
  for (const { id } of dataset.images) {
    if (photos.length === count) break;
    try {
      await dataset.read(id);
      photos.push(id);
    } catch (error) {
      problem = error;
    }
  }
  if (photos.length > 0) return photos;
  throw new HarnessError(`dataset ${dataset.id}: no photo can be read`, {
    cause: problem,
    hint: problem instanceof Error ? problem.message : "",
  });
}
