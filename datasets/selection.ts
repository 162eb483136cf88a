import type { DatasetOptions, ImageRecord } from "../harness/api.ts";
import { HarnessError, unknown } from "../harness/errors.ts";

/**
 * Returns the images that a run asks for, in the order of the data set: the images of `images`, and of these the first `limit`.
 * No seed decides, so a larger limit only adds images.
 * Throws HarnessError for a limit under 1 and for an id that the data set does not have.
 */
export function selectImages<T extends Pick<ImageRecord, "id">>(
  records: readonly T[],
  { limit, images }: Pick<DatasetOptions, "limit" | "images">,
): readonly T[] {
  checkLimit(limit);
  return namedBy(records, images).slice(0, limit);
}

export function checkLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 1)) return;
  throw new HarnessError("--limit: must be at least 1", { found: limit, hint: "leave it out to take every image" });
}

function namedBy<T extends Pick<ImageRecord, "id">>(
  records: readonly T[],
  ids: DatasetOptions["images"],
): readonly T[] {
  if (ids === undefined) return records;
  const wanted = new Set(ids);
  const found = records.filter(({ id }) => wanted.delete(id));
  const [missing] = wanted;
  if (missing !== undefined) throw unknownImage(missing, records);
  return found;
}

/** Names a few ids, not thousands. */
function unknownImage(id: number, records: readonly Pick<ImageRecord, "id">[]): HarnessError {
  if (records.length <= 20)
    return unknown(
      "image",
      String(id),
      records.map((record) => String(record.id)),
    );
  const some = records.slice(0, 5).map((record) => record.id);
  return new HarnessError(`unknown image: ${id}`, {
    expected: `one of ${records.length} ids, such as ${some.join(", ")}`,
  });
}
