import { existsSync } from "node:fs";
import { join } from "node:path";
import { nameOfChosen } from "../plan/models/weights.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { RunRequest } from "../run/request.ts";
import { runPlan } from "../run/runner.ts";
import { planId } from "../store/canonical.ts";
import type { StoredRun } from "../store/store.ts";
import type { Axis } from "./axes.ts";
import { pointsOf, type SweepPoint, sweepPlan } from "./points.ts";
import { readSweepRecord, writeSweepRecord } from "./record.ts";

export interface SweepRequest extends Pick<RunRequest, "results" | "asPassed" | "observer" | "signal"> {
  /** Plan of the variant, or of its forms where the precision is an axis. */
  readonly plan: RunPlan;
  readonly axes: readonly Axis[];
}

/** A point with the run that was measured for it. */
export interface MeasuredPoint extends SweepPoint {
  readonly run: StoredRun;
}

export interface SweepOutcome {
  readonly id: string;
  readonly folder: string;
  readonly points: readonly MeasuredPoint[];
  /** Side of the input that the model was trained for, px. */
  readonly trainedSide: number;
  /** True where the user stopped it; the same command goes on from there. */
  readonly stopped: boolean;
}

/**
 * Measures every point of a sweep: accuracy where an axis changes it, then the latency of all by turns, and the memory of each.
 * The points are runs in a folder of the sweep's own, so that no table takes one for the variant's ordinary run. What is finished
 * is on disk at every moment, and the same request goes on from there.
 */
export async function runSweep({ plan: base, axes, results, ...request }: SweepRequest): Promise<SweepOutcome> {
  const plan = sweepPlan(base, axes);
  const id = sweepId(base, axes);
  const folder = join(results, ".sweeps", id);
  if (existsSync(folder) && (await readSweepRecord(folder)) === undefined)
    request.observer.note(`${id}: goes on from where it was stopped`);
  const { runs, stopped } = await runPlan({ ...request, plan, results: folder, latencies: "together" });
  const points = pointsOf(axes).map((point, i) => ({ ...point, run: runs[i]! }));
  if (!stopped)
    await writeSweepRecord(folder, {
      id,
      variant: nameOfChosen(base.chosen[0]!),
      axes,
      points: points.map(({ values, run }) => ({ values, run: run.id })),
    });
  return { id, folder, points, trainedSide: base.chosen[0]!.variant.preset.input.side, stopped };
}

/** Returns the id of a sweep: it follows from what is asked for. The runs' own ids cover weights, graphs and code besides. */
function sweepId({ chosen, prompts, seed, runtime, latency, dataset, images }: RunPlan, axes: readonly Axis[]): string {
  const [first] = chosen;
  return planId(`sweep ${nameOfChosen(first!)}`, {
    axes,
    weights: chosen.map(({ weights }) => weights.source),
    prompts: prompts.map((each) => [each.prompts, each.protocol.id]),
    seed,
    runtime,
    latency,
    dataset: dataset.fingerprint,
    images,
  });
}
