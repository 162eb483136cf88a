import type { Manifest } from "../../store/schema.ts";

/** The energy of an image: one encode and one box prompt, which is what `total` times. */
export interface EnergyFigure {
  /** Joules of an image, with what the machine draws when idle. */
  readonly joules: number;
  /** Power while images were run, and beside the loaded model when none was, W. */
  readonly watts: number;
  readonly idleWatts: number;
  readonly images: number;
  readonly method: string;
}

export function energyFigure({ energy }: Pick<Manifest, "energy">): EnergyFigure | undefined {
  if (energy === undefined || energy.images === 0 || energy.durationMs === 0) return undefined;
  const { joules, images, durationMs, idleWatts, method } = energy;
  return { joules: joules / images, watts: (1000 * joules) / durationMs, idleWatts, images, method };
}
