import { type LatencySummary, latencySummary, median } from "../../stats/summary.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import type { Manifest } from "../../store/schema.ts";
import { type EverythingReport, everythingReport } from "../machine/everythingStages.ts";
import type { RunRows } from "../rows.ts";

/** Stages that are timed apart, in their order. */
export const stages = ["prepare", "encode", "decode", "upscale"] as const;
export type Stage = (typeof stages)[number];

/** Returns the samples of each stage, of which its summary is made. */
export function stageSamples(turns: readonly LatencyTurn[]): Readonly<Record<Stage, readonly number[]>> {
  return {
    prepare: turns.flatMap(({ prepareMs }) => prepareMs),
    encode: turns.flatMap(({ encodeMs }) => encodeMs),
    decode: turns.flatMap(({ decodeMs }) => decodeMs),
    upscale: turns.flatMap(({ upscaleMs }) => upscaleMs),
  };
}

/** Returns the summary of each stage that has samples. */
export function latencyOf(turns: readonly LatencyTurn[]): Readonly<Partial<Record<Stage, LatencySummary>>> {
  const samples = stageSamples(turns);
  return Object.fromEntries(
    stages.flatMap((stage) => {
      const summary = latencySummary(samples[stage]);
      return summary === undefined ? [] : [[stage, summary]];
    }),
  );
}

/** Returns the median rate over batches, like the latencies beside it: one disturbed batch does not move it. */
export function batchRate(turns: readonly LatencyTurn[]): number | undefined {
  const rates = turns.flatMap(({ batches }) => batches ?? []).map(({ prompts, durationMs }) => prompts / durationMs);
  return rates.length === 0 ? undefined : 1000 * median(rates);
}

/**
 * Returns the times of everything mode in the order of the run's prompts. Prompts of other modes, and of runs that did not
 * time it, are left out.
 */
export function everythingOf(
  { protocols }: Manifest,
  { everythingMs }: RunRows,
): Readonly<Record<string, LatencySummary>> {
  return Object.fromEntries(
    Object.keys(protocols).flatMap((name) => {
      const summary = latencySummary(everythingMs.get(name) ?? []);
      return summary === undefined ? [] : [[name, summary]];
    }),
  );
}

/** Returns where the times went; nothing where no image was timed by stage. */
export function everythingStagesOf({
  everythingStages,
}: RunRows): Readonly<Record<string, EverythingReport>> | undefined {
  const found = [...everythingStages].flatMap(([name, images]) => {
    const report = everythingReport(images);
    return report === undefined ? [] : [[name, report] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
