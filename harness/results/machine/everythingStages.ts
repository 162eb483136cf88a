import { type LatencySummary, largest, latencySummary } from "../../stats/summary.ts";
import type { EverythingStages } from "../../store/schema/rowSchema.ts";

/** Stages of an image in everything mode; their sum is the image's time. */
export const everythingStages = ["prepare", "encode", "decode", "upscale", "filter"] as const;
/** Stages whose peaks are known: masks are upscaled and filtered in turns. */
export const everythingPeaks = ["encode", "decode", "masks"] as const;

/** Says where an image's time and memory went in everything mode; each image is a sample. */
export interface EverythingReport {
  readonly ms: Readonly<Record<(typeof everythingStages)[number], LatencySummary>>;
  /** Highest peak of the process over the images, bytes; what it holds of the data set is in it. */
  readonly peakBytes: Readonly<Partial<Record<(typeof everythingPeaks)[number], number>>>;
}

/** Summarises the stages of images; nothing where none was timed by stage. */
export function everythingReport(images: readonly EverythingStages[]): EverythingReport | undefined {
  if (images.length === 0) return undefined;
  const ms = everythingStages.map((stage) => [stage, latencySummary(images.map((image) => image.ms[stage]))!] as const);
  const peaks = everythingPeaks.flatMap((stage) => {
    const bytes = images.flatMap(({ peakBytes }) => peakBytes?.[stage] ?? []);
    return bytes.length === 0 ? [] : [[stage, largest(bytes)] as const];
  });
  return { ms: Object.fromEntries(ms) as EverythingReport["ms"], peakBytes: Object.fromEntries(peaks) };
}
