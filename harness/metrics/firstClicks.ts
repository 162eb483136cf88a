import type { ImageId, PredictionRow } from "../api.ts";

/** IoUs in percent that clicks are counted to. */
export const levels = [80, 85, 90] as const;

export type ClickLevel = (typeof levels)[number];

/** Returns what the number of clicks to a level is called in tables. */
export function levelTitle(level: ClickLevel): string {
  return `NoC@${level}`;
}

/** A target with the first click that reached each level; a level that was not reached is absent. */
export interface FirstClicks {
  readonly image: ImageId;
  readonly clicks: ReadonlyMap<ClickLevel, number>;
}

/** The fields of a row that decide. */
type ClickRow = Pick<PredictionRow, "image" | "target" | "iou" | "step">;

/**
 * Returns the first click that reached each level, for each target. A later click may lose the IoU again, and rows without an IoU
 * do not count. Pages use this file as well: it reaches no module of Node.
 */
export function firstClicks(rows: readonly ClickRow[]): readonly FirstClicks[] {
  const targets = new Map<string, { readonly image: ImageId; readonly clicks: Map<ClickLevel, number> }>();
  for (const { image, target, iou, step } of rows) {
    if (iou === undefined) continue;
    const key = `${image} ${target}`;
    const known = targets.get(key) ?? { image, clicks: new Map() };
    targets.set(key, known);
    for (const level of levels)
      if (iou >= level / 100 && step < (known.clicks.get(level) ?? Number.POSITIVE_INFINITY))
        known.clicks.set(level, step);
  }
  return [...targets.values()];
}
