import type { Dataset, ImageId, PredictionRow } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { rowsFile } from "../store/damage.ts";
import type { StoredRun } from "../store/store.ts";

type ScoredRow = Pick<PredictionRow, "image" | "target" | "iou">;
type Annotated = Pick<Dataset, "annotationsOf">;

/**
 * Returns a function that tells whether the data set has a row's target. It expects rows in the order of their images. A
 * row without an IoU has no target in the data set: it is of a detector's box, or of a point of a grid.
 */
export function knownTargets(dataset: Annotated): (row: ScoredRow) => boolean {
  let of: ImageId | undefined;
  let ids = new Set<number>();
  return ({ image, target, iou }) => {
    if (iou === undefined) return true;
    if (image !== of) {
      of = image;
      ids = new Set(dataset.annotationsOf(image).map(({ id }) => id));
    }
    return ids.has(target);
  };
}

/**
 * Throws HarnessError where a row of the run is of a target that the run's own data set does not have: such a row is made
 * up.
 */
export function requireKnownTargets(
  { folder, manifest }: Pick<StoredRun, "folder" | "manifest">,
  rows: Iterable<ScoredRow>,
  dataset: Annotated,
): void {
  const isKnown = knownTargets(dataset);
  for (const row of rows)
    if (!isKnown(row))
      throw new HarnessError(
        `${rowsFile(folder)}: the run is damaged: image ${row.image} has no target ${row.target}`,
        {
          expected: `a target of ${manifest.dataset.id}`,
          hint: "the same bench run does such images again",
        },
      );
}
